import type { Selectable } from 'kysely'
import type { SealingKeys } from '../keys/seal.ts'
import type { Attempt } from '../outbox/delivery.ts'
import { signedHeaders } from '../signed-post/message-signature.ts'
import { postMessage } from '../signed-post/post-message.ts'
import type { ReachableHosts } from '../signed-post/reachable-hosts.ts'
import { validSecrets } from './webhook-secrets.ts'
import type { WebhookTable } from './webhook-table.ts'

type Message = { readonly id: string; readonly body: string }

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
  return (endpoint, { id, body }, stopping) => {
    const nowMs = clock()
    const timestamp = Math.floor(nowMs / 1000)
    const secrets = validSecrets(endpoint, keys, nowMs)
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Gatehouse-Webhooks/1',
      ...signedHeaders({ id, timestamp, body }, secrets)
    }
    return postMessage(hosts, { url: new URL(endpoint.url), headers, body, timeoutMs, stopping })
  }
}
