/**
 * Why a connection failed, in the words of the operating system, of TLS or of Redis. Never the error itself: ioredis hangs the
 * command on it, and with AUTH that is the password.
 */
export function faultCause(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  // One for each address of a host name; they have no message of their own.
  const [first] = error instanceof AggregateError ? error.errors : []
  if (first !== undefined) return faultCause(first)
  const beneath = 'lastNodeError' in error ? error.lastNodeError : undefined
  if (beneath instanceof Error) return faultCause(beneath)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  // Names the pause before the next attempt, which differs each time.
  const text = error.message.replace(/ Retrying from scratch after \d+ms\./, '')
  return text === '' || text.includes(code) ? text || code : `${text} (${code})`
}
