/**
 * Why a connection failed, as the operating system, TLS or Redis describes it. Never the error
 * itself: ioredis attaches the command, and for AUTH that is the password.
 */
export function faultCause(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  // One error for each address of a host name; the errors have no common message.
  const [first] = error instanceof AggregateError ? error.errors : []
  if (first !== undefined) return faultCause(first)
  const beneath = 'lastNodeError' in error ? error.lastNodeError : undefined
  if (beneath instanceof Error) return faultCause(beneath)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  // Removes the pause before the next attempt, which differs each time.
  const text = error.message.replace(/ Retrying from scratch after \d+ms\./, '')
  // With these messages about its options, ioredis means that it has no connection, or lost it.
  if (text.startsWith("Stream isn't writeable")) return 'there is no connection to Redis'
  if (text.startsWith('Reached the max retries per request')) {
    return 'the connection to Redis was closed before the reply'
  }
  // OpenSSL's own text has the place in its source, and a line break.
  const [, alert] = /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(text) ?? []
  if (alert !== undefined) return `${alert} (${code || 'SSL routines'})`
  return text === '' || text.includes(code) ? text || code : `${text} (${code})`
}
