import type { Registry } from 'prom-client'
import type { AttemptOptions } from '../outbox/attempts/attempt-delivery.ts'
import { type Deliverer, deliverer } from '../outbox/attempts/deliverer.ts'
import type { DeliveryClocks } from '../outbox/delivery.ts'
import { deliveryClaims } from '../outbox/delivery-claims.ts'
import { deliveryMetrics } from '../outbox/delivery-metrics.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { SealingKeys } from '../secrets/seal.ts'
import type { OperatedMail } from './mail.ts'
import { mailOperations } from './mail-operations.ts'
import { mailOff } from './mail-refusals.ts'
import { mailQueue } from './queue/mail-queue.ts'
import { type MailChannelOptions, mailChannel } from './sending/mail-channel.ts'

export type MailOptions = MailChannelOptions & {
  readonly registry: Registry
  readonly sealing: SealingKeys
  readonly ring: KeyRing
  readonly mostWaiting?: number
  readonly mostOfSite?: number
  readonly onFault: AttemptOptions['onFault']
}

/** The letters of this process: the queue, the operations on it, and what sends them. */
export type MailParts = {
  readonly mail: OperatedMail
  readonly deliverer: Deliverer
  /** Reads the gauges of letters. */
  count(): Promise<void>
}

export function mailParts(options: MailOptions): MailParts {
  const { db, registry, templates, clock } = options
  const { attempted: onAttempt, count } = deliveryMetrics(registry, db, 'mail', options)
  const { languageFor } = templates
  const claims = deliveryClaims(db)
  const channel = mailChannel(options)
  return {
    mail: { ...mailQueue(options), ...mailOperations(db, clock), languageFor, isOn: true },
    deliverer: deliverer({ ...options, claims, channel, onAttempt }),
    count
  }
}

/** Without a server for letters, none is queued. Letters that were queued earlier can be listed. */
export function silentMail(
  options: Pick<MailOptions, 'db' | 'registry' | 'templates' | keyof DeliveryClocks>
): Omit<MailParts, 'deliverer'> {
  const { db, registry, templates, clock } = options
  const { count } = deliveryMetrics(registry, db, 'mail', options)
  const { languageFor } = templates
  const add = async () => {}
  const request = async () => {
    throw mailOff()
  }
  return { mail: { ...mailOperations(db, clock), languageFor, add, request, isOn: false }, count }
}
