/** An e-mail or a message for a webhook, in a response. Times are ISO 8601. */
export type OutboxMessage = {
  readonly id: string
  readonly messageId: string
  readonly state: string
  readonly attempts: number
  readonly fault: string | null
  readonly status: number | null
  readonly createdAt: string
  readonly nextAttemptAt: string | null
  readonly settledAt: string | null
}

/** The columns after those that say which message it is. */
export const progressColumns = ['state', 'attempts', 'last result', 'created', 'next attempt']

export const progressCells = (message: OutboxMessage): string[] => [
  message.state,
  String(message.attempts),
  [message.fault ?? '', message.status ?? ''].join(' ').trim(),
  message.createdAt,
  message.nextAttemptAt ?? ''
]
