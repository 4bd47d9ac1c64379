import type { Selectable } from 'kysely'
import type { Attempt } from '../outbox/delivery.ts'
import type { SealingKeys } from '../secrets/seal.ts'
import type { ReachableHosts } from '../signed-post/reachable-hosts.ts'
import { type Message, signedPost } from '../signed-post/signed-post.ts'
import type { WebhookTable } from '../subscriptions/webhook-table.ts'
import { validSecrets } from './webhook-secrets.ts'

/** Signs a message and posts it to an endpoint, once. */
export type SendMessage = (
  endpoint: Selectable<WebhookTable>,
  message: Message,
  stopping: AbortSignal
) => Promise<Attempt>

export function messageSender(options: {
  readonly hosts: ReachableHosts
  readonly keys: SealingKeys
  readonly timeoutMs: number
  readonly clock: () => number
}): SendMessage {
  const { hosts, keys, timeoutMs, clock } = options
  const post = signedPost({ hosts, userAgent: 'Gatehouse-Webhooks/1', timeoutMs, clock })
  return (endpoint, message, stopping) => {
    const secrets = validSecrets(endpoint, keys, clock())
    return post({ url: new URL(endpoint.url), secrets }, message, stopping)
  }
}
