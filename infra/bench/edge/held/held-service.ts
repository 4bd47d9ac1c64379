import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { CLOSE_FRAME } from './web-socket-bytes.ts'

/** RFC 6455 §1.3 */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** A service that opens WebSockets and event streams, and then says nothing. */
const [port] = process.argv.slice(2)

const server = createServer((request, response) => {
  if (!request.url?.endsWith('/events')) {
    response.end('ready')
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n')
})
server.on('upgrade', (request, socket) => {
  const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`)
  socket.on('error', () => {})
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key.digest('base64')}\r\n\r\n`
  )
  // The gateway sends nothing but the frame that closes.
  socket.once('data', () => socket.end(CLOSE_FRAME))
})
server.listen(Number(port), '127.0.0.1')
