import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import { type Attempt, failed } from '../../outbox/delivery.ts'
import type { Sender } from '../mail-address.ts'
import type { MailServer } from '../mail-settings.ts'
import type { MailTransport } from '../sending/outgoing-mail.ts'
import { boundReplies } from './bound-replies.ts'
import { mailMessage } from './mail-message.ts'
import { smtpFault } from './smtp-fault.ts'

type SmtpTransportOptions = {
  readonly server: Extract<MailServer, { kind: 'smtp' }>
  readonly from: Sender
  /** whether the server must have TLS; otherwise it is used if the server has it */
  readonly requiresTls: boolean
  /**
   * the certificates of the authorities that may sign the server's, in PEM; null: the usual ones
   */
  readonly ca: string | null
  /** for all of an attempt */
  readonly timeoutMs: number
}

/**
 * Sends letters over SMTP (RFC 5321), each on a connection of its own. Without TLS, nothing is sent
 * to a server on another machine (RFC 8314 §3): the letter contains a token.
 */
export function smtpTransport(options: SmtpTransportOptions): MailTransport {
  const { server, from, timeoutMs } = options
  return {
    async send(mail, stopping) {
      if (stopping.aborted) return { outcome: 'stopped' }
      const message = await mailMessage(mail, from)
      const deadline = AbortSignal.timeout(timeoutMs)
      const connection = await connectionTo(options)
      let hasBegun = false
      try {
        await within(connection, AbortSignal.any([deadline, stopping]), async () => {
          await connect(connection)
          await login(connection, server.user)
          hasBegun = true
          await send(connection, { from: from.address, to: mail.to }, message)
        })
        leave(connection)
        return { outcome: 'delivered', status: DELIVERED }
      } catch (error) {
        connection.close()
        // If the letter had already arrived, another attempt sends it again, with the same id.
        if (stopping.aborted) return { outcome: 'stopped' }
        if (!deadline.aborted) return attemptOf(error)
        return failed(hasBegun ? 'recipient-timeout' : 'timeout')
      }
    }
  }
}

/** how long a server may take to answer QUIT */
const QUIT_MS = 1000

/** RFC 5321 §4.1.1.10: a client says QUIT. The wait is bounded, whatever the server does. */
function leave(connection: SMTPConnection): void {
  const late = setTimeout(() => connection.close(), QUIT_MS)
  connection.once('end', () => clearTimeout(late))
  connection.quit()
}

/** the reply to a message that a server has taken (RFC 5321 §4.2.3) */
const DELIVERED = 250

function attemptOf(error: unknown): Attempt {
  const { fault, status, isFinal } = smtpFault(error)
  return { outcome: 'failed', fault, status, retryAfterMs: null, isFinal }
}

async function connectionTo({
  server,
  requiresTls,
  ca,
  timeoutMs
}: SmtpTransportOptions): Promise<SMTPConnection> {
  const { host, port, secure } = server
  // Loaded for the first letter: many installations send none.
  const { default: Connection } = await import('nodemailer/lib/smtp-connection')
  const connection = new Connection({
    host,
    port,
    secure,
    requireTLS: !secure && requiresTls,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    allowInternalNetworkInterfaces: true,
    tls: { minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }) },
    // Closes a socket at once, whatever the server does.
    socketCloseTimeout: 0,
    // Its log would contain the letter.
    logger: false
  })
  boundReplies(connection)
  return connection
}

/** Rejects when the signal is aborted, or the connection breaks while no command is under way. */
function within(
  connection: SMTPConnection,
  signal: AbortSignal,
  work: () => Promise<void>
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    connection.on('error', reject)
    // A server may end the connection instead of answering.
    connection.once('end', () => reject(new Error('the connection ended')))
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', stop))
  })
}

const connect = (connection: SMTPConnection): Promise<void> =>
  new Promise((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()))
  })

function login(
  connection: SMTPConnection,
  user: SmtpTransportOptions['server']['user']
): Promise<void> {
  if (user === null) return Promise.resolve()
  return new Promise((resolve, reject) => {
    connection.login({ user: user.name, pass: user.password }, (error) =>
      error ? reject(error) : resolve()
    )
  })
}

function send(
  connection: SMTPConnection,
  { from, to }: { readonly from: string; readonly to: string },
  message: Buffer
): Promise<void> {
  return new Promise((resolve, reject) => {
    const envelope = { from, to: [to], size: message.length }
    connection.send(envelope, message, (error) => (error ? reject(error) : resolve()))
  })
}
