import { createHash } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { type Framing, type Message, readMessage } from './read-message.ts'

/** Longer than any probe; a connection that sends more is closed. */
const LIMIT_BYTES = 1_000_000
/** A connection without traffic is closed after that time. */
const IDLE_MS = 60_000

/**
 * An echo service for the conformance test. It answers each request with what it received, to the
 * letter, even in the first message of a WebSocket. It accepts what servers should refuse, so that
 * the test sees what the proxies before it let through.
 * @param onMessage is called with each request
 */
export function echoService(
  decides: Framing = 'transfer-encoding',
  onMessage: (message: Message) => void = () => undefined
): Server {
  return createServer((socket) => {
    let received = ''
    socket.setEncoding('latin1')
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    // The proxy is gone.
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: string) => {
      received += chunk
      if (received.length > LIMIT_BYTES) socket.destroy()
      for (;;) {
        const message = readMessage(received, decides)
        if (message === null) return
        received = received.slice(message.length)
        onMessage(message)
        answer(socket, message)
      }
    })
  })
}

const reportOf = ({ method, target, lines, body }: Message): string =>
  JSON.stringify({ method, target, lines, body })

function answer(socket: Socket, message: Message): void {
  const head = message.lines.join('\n')
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1]
  if (key !== undefined && /^upgrade: *websocket/im.test(head)) {
    socket.write(acceptance(key))
    socket.write(textFrame(reportOf(message)))
    return
  }
  const report = Buffer.from(reportOf(message))
  const closes = /^connection: *close/im.test(head)
  socket.write(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${report.length}\r\n` +
      `${closes ? 'connection: close\r\n' : ''}\r\n`
  )
  if (message.method !== 'HEAD') socket.write(report)
  if (closes) socket.end()
}

/** RFC 6455 §4.2.2 */
function acceptance(key: string): string {
  const text = `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(text).digest('base64')
  return (
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n' +
    `sec-websocket-accept: ${accept}\r\n\r\n`
  )
}

/** RFC 6455 §5.2: one frame, final, of text, with a length of two bytes. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const head = Buffer.from([0x81, 126, 0, 0])
  head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}
