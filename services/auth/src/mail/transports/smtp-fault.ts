/** What went wrong with a letter, as operators see it. */
type SmtpFault = {
  /** a word of ours: a reply of a server can contain anything */
  readonly fault: string
  /** the reply (RFC 5321 §4.2); null if there was none */
  readonly status: number | null
  /** whether another attempt would get the same reply */
  readonly isFinal: boolean
}

/** Errors without a reply, by the code of nodemailer or of the system. */
const faults: Readonly<Record<string, string>> = {
  EAUTH: 'authentication',
  ENOAUTH: 'authentication',
  EDNS: 'unresolvable',
  ENOTFOUND: 'unresolvable',
  ETIMEDOUT: 'timeout',
  ETLS: 'tls',
  ECONNREFUSED: 'connection-refused'
}

/** The commands that are about one recipient or one letter (RFC 5321 §3.3). */
const ABOUT_LETTER: ReadonlySet<string> = new Set(['RCPT TO', 'DATA'])

/**
 * What an error of an SMTP connection means. A permanent reply (5yz) is final only if it is about
 * the letter or its recipient: one about the sender or the login is a mistake of the operator, who
 * can correct it.
 */
export function smtpFault(error: unknown): SmtpFault {
  const { code = '', command = '', responseCode, originalCode = '' } = (error ?? {}) as SmtpError
  const status = typeof responseCode === 'number' && responseCode > 0 ? responseCode : null
  if (status !== null && ABOUT_LETTER.has(command)) {
    return status >= 500
      ? { fault: 'refused', status, isFinal: true }
      : { fault: 'deferred', status, isFinal: false }
  }
  if (code === 'EENVELOPE' && command === 'API') {
    return { fault: 'unmailable', status, isFinal: true }
  }
  const named = faults[code] ?? faults[originalCode]
  if (named !== undefined) return { fault: named, status, isFinal: false }
  if (status !== null) return { fault: 'status', status, isFinal: false }
  return { fault: isTls(error) ? 'tls' : 'connection-lost', status, isFinal: false }
}

type SmtpError = {
  readonly code?: string
  readonly command?: string
  readonly responseCode?: number
  /** of the system, if nodemailer replaced it */
  readonly originalCode?: string
}

/** OpenSSL and Node.js have many codes for a certificate that is not trusted. */
const isTls = (error: unknown): boolean =>
  error instanceof Error && /certificate|\bTLS\b|\bSSL\b/i.test(error.message)
