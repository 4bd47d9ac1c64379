import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { MASKED_CLOSE_FRAME } from './web-socket-bytes.ts'

/**
 * Opens one connection per token, prints `open` when the service has answered on each of them, and
 * the time (in milliseconds since 1970) at which the gateway has ended the last one.
 */
const [kind = '', port = '', tokenFile = ''] = process.argv.slice(2)
const tokens = readFileSync(tokenFile, 'utf8').split('\n')
const isWebSocket = kind === 'websocket'
const head = isWebSocket
  ? 'GET /bench/held HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  : 'GET /bench/events HTTP/1.1\r\n'

/** A listener accepts only so many connections at once. */
const AT_A_TIME = 100
const PAUSE_MS = 20

let open = 0
let ended = 0

function hold(token: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = connect(Number(port), '127.0.0.1')
  let hasEnded = false
  const end = (): void => {
    if (hasEnded) return
    hasEnded = true
    socket.end(isWebSocket ? MASKED_CLOSE_FRAME : '')
    ended += 1
    if (ended === tokens.length) process.stdout.write(`${Date.now()}\n`)
  }
  socket.on('error', () => {})
  socket.once('data', (bytes) => {
    const status = bytes.toString('latin1', 9, 12)
    if (status !== (isWebSocket ? '101' : '200')) throw new Error(`a connection got ${status}`)
    open += 1
    resolve()
    // After the beginning, the gateway sends nothing but the end.
    if (isWebSocket) socket.once('data', end)
    else socket.on('data', (more) => more.includes('gatehouse-end') && end())
  })
  socket.write(`${head}Host: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  return promise
}

for (let at = 0; at < tokens.length; at += AT_A_TIME) {
  await Promise.all(tokens.slice(at, at + AT_A_TIME).map(hold))
  await sleep(PAUSE_MS)
}
process.stdout.write(`open ${open}\n`)
