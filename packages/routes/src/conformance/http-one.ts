import { randomBytes } from 'node:crypto'
import { type Line, type Received, receive } from './deployment.ts'
import { MARKER, type Probe } from './probe.ts'

const WEBSOCKET = [
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  `sec-websocket-key: ${randomBytes(16).toString('base64')}`
]

/**
 * Sends a probe over a connection of its own, to the letter, and reads the response.
 * @param marker the value of the header that tells whether the service got the request
 */
export async function sendByHttpOne(
  line: Line,
  probe: Probe,
  marker: string,
  isWebSocket = false
): Promise<Received> {
  const { echoRoute, token, gateway } = line
  const { method = 'GET', target = `${echoRoute}/${MARKER}`, fields = [], lines = [] } = probe
  const closes = !isWebSocket && probe.removes === undefined
  const head = [
    `${method} ${target} HTTP/1.1`,
    `host: ${gateway.host}`,
    ...(token === null ? [] : [`authorization: Bearer ${token}`]),
    `${MARKER}: ${marker}`,
    ...fields.map(([name, value]) => `${name}: ${value}`),
    ...lines,
    ...(isWebSocket ? WEBSOCKET : []),
    ...(closes ? ['connection: close'] : [])
  ]
  const socket = line.open('http/1.1')
  socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n${probe.body ?? ''}`, 'latin1'))
  let text = ''
  const { isWaiting } = await receive(socket, line, (chunk) => {
    text += chunk.toString('latin1')
    // The first message of a WebSocket is the response of the echo service.
    const isOpened = isWebSocket && text.includes(' 101 ')
    return (isOpened ? text.includes(marker) : isComplete(text)) ? 'all' : 'part'
  })
  return { text, isWaiting }
}

/** Whether all of a response is there: some servers leave the connection open after it. */
function isComplete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  const head = text.slice(0, end)
  if (/^transfer-encoding: *chunked/im.test(head)) return text.endsWith('\r\n0\r\n\r\n')
  const length = /^content-length: *(\d+)/im.exec(head)?.[1]
  return length !== undefined && text.length >= end + 4 + Number(length)
}
