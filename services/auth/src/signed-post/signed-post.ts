import type { Attempt } from '../outbox/delivery.ts'
import { signedHeaders } from './message-signature.ts'
import { postMessage } from './post-message.ts'
import type { ReachableHosts } from './reachable-hosts.ts'

export type Message = { readonly id: string; readonly body: string }

/** Where a message goes, and the secrets that sign it, as Standard Webhooks writes them. */
type Receiver = { readonly url: URL; readonly secrets: readonly string[] }

/** Signs a message and posts it, once. Never throws for what the receiver does. */
type SignedPost = (receiver: Receiver, message: Message, stopping: AbortSignal) => Promise<Attempt>

export function signedPost(options: {
  readonly hosts: ReachableHosts
  readonly userAgent: string
  /** for one attempt */
  readonly timeoutMs: number
  readonly clock: () => number
}): SignedPost {
  const { hosts, userAgent, timeoutMs, clock } = options
  return ({ url, secrets }, { id, body }, stopping) => {
    const timestamp = Math.floor(clock() / 1000)
    const headers = {
      'content-type': 'application/json',
      'user-agent': userAgent,
      ...signedHeaders({ id, timestamp, body }, secrets)
    }
    return postMessage(hosts, { url, headers, body, timeoutMs, stopping })
  }
}
