/**
 * `failed`: every delivery has failed for too long. `gone`: the endpoint answered 410. Only an
 * `enabled` endpoint gets events.
 */
export const webhookStates = ['enabled', 'disabled', 'failed', 'gone'] as const
export type WebhookState = (typeof webhookStates)[number]

/** An endpoint of another system that gets events. */
export type Webhook = {
  readonly id: string
  readonly url: string
  /** event types; empty: all of them */
  readonly events: readonly string[]
  readonly state: WebhookState
  /** milliseconds since 1970, as the other times; null if the last attempt was a success */
  readonly failingSinceMs: number | null
  /** when the previous secret stops signing; null if there is none */
  readonly previousSecretUntilMs: number | null
  readonly createdAtMs: number
}
