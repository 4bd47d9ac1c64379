import type SMTPConnection from 'nodemailer/lib/smtp-connection'

/** Above the sum of all replies of a dialogue: a line has at most 512 (RFC 5321 §4.5.3.1.5). */
const MOST_BYTES = 32 * 1024

const EMPTY_LINES = /(\r?\n)[\r\n]+/g

/**
 * Bounds what a mail server can send on a connection, from the greeting to its end. nodemailer
 * bounds only an incomplete reply, and takes a turn of the event loop for each line, even for an
 * empty one.
 * @throws Error if this version of nodemailer receives in another way
 */
export function boundReplies(connection: SMTPConnection): void {
  const receive: unknown = Reflect.get(connection, '_onData')
  if (typeof receive !== 'function') throw new Error('nodemailer has no _onData')
  let bytes = 0
  Reflect.set(connection, '_onData', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MOST_BYTES) {
      connection.emit('error', new Error('the replies of the server are too long'))
      connection.close()
      return
    }
    const text = chunk.toString('latin1').replaceAll(EMPTY_LINES, '$1')
    receive.call(connection, Buffer.from(text, 'latin1'))
  })
}
