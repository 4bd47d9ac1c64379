import type { Attempt } from '../../outbox/delivery.ts'
import { hostOf, reachableHosts } from '../../signed-post/reachable-hosts.ts'
import { signedPost } from '../../signed-post/signed-post.ts'
import type { Sender } from '../mail-address.ts'
import type { MailTransport } from '../sending/outgoing-mail.ts'

type WebhookTransportOptions = {
  readonly url: URL
  /** as Standard Webhooks writes it */
  readonly secret: string
  readonly from: Sender
  readonly timeoutMs: number
  readonly clock: () => number
}

/** Hands letters to a program of the operator, which sends them by the API of a provider. */
export function webhookTransport(options: WebhookTransportOptions): MailTransport {
  const { url, secret, from, timeoutMs, clock } = options
  // The operator of this process has named the host, so it may be a private one.
  const hosts = reachableHosts([hostOf(url)])
  const post = signedPost({ hosts, userAgent: 'Gatehouse-Mail/1', timeoutMs, clock })
  return {
    async send({ id, letter, language, to, subject, text, html }, stopping) {
      const data = { letter, language, from, to, subject, text, html }
      const timestamp = new Date(clock()).toISOString()
      const body = JSON.stringify({ type: 'mail.send', timestamp, data })
      return judged(await post({ url, secrets: [secret] }, { id, body }, stopping))
    }
  }
}

/** the program refuses this letter or its recipient (RFC 9110 §15.5.1, §15.5.14, §15.5.21) */
const ABOUT_LETTER = new Set([400, 413, 422])

function judged(attempt: Attempt): Attempt {
  if (attempt.outcome !== 'failed' || !ABOUT_LETTER.has(attempt.status ?? 0)) return attempt
  return { ...attempt, fault: 'refused', isFinal: true }
}
