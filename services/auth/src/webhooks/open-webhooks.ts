import { words } from '@gatehouse/settings/words'
import type { Database } from '../database/open-database.ts'
import { DAY_MS } from '../day.ts'
import { forgetDeliveries } from '../outbox/forget-deliveries.ts'
import { startIdleLanes } from '../outbox/lanes.ts'
import type { Ports } from '../ports.ts'
import type { SealingKeys } from '../secrets/seal.ts'
import { sealUnderFirst } from '../secrets/unknown-sealing-key.ts'
import { reachableHosts } from '../signed-post/reachable-hosts.ts'
import { forgetOrphans } from './forget-orphans.ts'
import type { WebhookOperations } from './webhook-operations.ts'
import { webhookParts } from './webhook-parts.ts'
import { forgetPreviousSecrets } from './webhook-secrets.ts'
import type { WebhookConfig } from './webhook-settings.ts'

export type Webhooks = WebhookOperations

type WebhookPorts = Pick<
  Ports,
  'log' | 'registry' | 'monotonicClock' | 'closing' | 'jobs' | 'cleanups'
> & {
  readonly database: Database
  readonly sealing: SealingKeys
  readonly clock: () => number
}

/** @throws StartFault if there is a secret that this instance cannot decrypt */
export async function openWebhooks(config: WebhookConfig, ports: WebhookPorts): Promise<Webhooks> {
  const { database, sealing, log, closing, jobs, cleanups, registry, clock } = ports
  const db = database.tables
  const { operations, store, deliverer, count } = webhookParts({
    db,
    registry,
    sealing,
    hosts: reachableHosts(words(config.AUTH_WEBHOOK_PRIVATE_HOSTS)),
    concurrency: config.AUTH_WEBHOOK_CONCURRENCY,
    timeoutMs: config.AUTH_WEBHOOK_TIMEOUT_SECONDS * 1000,
    disableAfterMs: config.AUTH_WEBHOOK_DISABLE_DAYS * DAY_MS,
    clock,
    monotonicClock: ports.monotonicClock,
    random: Math.random,
    onDisabled: (webhook, state) =>
      log.warn({ webhook, state }, 'a webhook endpoint was disabled after repeated failures'),
    onFault: (err, failed) =>
      log.warn(
        { err },
        failed === 'send'
          ? 'an internal error prevented a webhook delivery'
          : 'the result of a webhook delivery was not recorded'
      )
  })
  await database.whenThere(() => sealUnderFirst(store.reseal))
  closing.defer(deliverer.close)
  jobs.push(
    { name: 'deliver webhooks', run: deliverer.run },
    { name: 'count webhook deliveries', run: count }
  )
  cleanups.push(
    startIdleLanes(db, 'webhook', clock),
    forgetDeliveries(db, 'webhook', config.AUTH_WEBHOOK_RETENTION_DAYS, clock),
    forgetPreviousSecrets(db, clock),
    forgetOrphans(db)
  )
  return operations
}
