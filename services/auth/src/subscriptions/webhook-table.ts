import type { WebhookState } from './webhook.ts'

export type WebhookTable = {
  id: string
  url: string
  /** a JSON array of event types; empty: all of them */
  events: string
  state: WebhookState
  /** both sealed, as the private signing keys are */
  sealed_secret: string
  sealed_previous_secret: string | null
  /** milliseconds since 1970, as the other times: when the previous secret stops signing */
  previous_until_ms: number | null
  /** failed attempts since the last success */
  failures: number
  /** when the first of them failed */
  failing_since_ms: number | null
  /** until then, no attempt is made */
  paused_until_ms: number
  created_at_ms: number
}
