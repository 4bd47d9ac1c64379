import { readFileSync } from 'node:fs'
import { connect } from 'node:net'

/**
 * Sends a number of requests per second, whether responses come or not, and prints the latencies at
 * the 99th and the 99.9th percentile, in milliseconds.
 */
const [port = '', path = '', rate = '', seconds = '', tokenFile = ''] = process.argv.slice(2)
const tokens = readFileSync(tokenFile, 'utf8').split('\n')
const CONNECTIONS = 32
/** What is due in a millisecond is sent together. */
const TICK_MS = 1
/** Until V8 has compiled this program, which otherwise delays the first requests. */
const WARM_MS = 2000

const latencies: number[] = []
const idle: ((token: string, dueMs: number) => void)[] = []
const waiting: { readonly token: string; readonly dueMs: number }[] = []

/** The length of a response that has arrived completely; null: it has not. */
function lengthOf(text: string): number | null {
  const end = text.indexOf('\r\n\r\n')
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1]
  const whole = end + 4 + Number(length ?? Number.NaN)
  return end >= 0 && text.length >= whole ? whole : null
}

const startMs = performance.now()
for (let number = 0; number < CONNECTIONS; number += 1) {
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
  let text = ''
  let sentMs = 0
  const send = (token: string, dueMs: number): void => {
    sentMs = dueMs
    socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  }
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
    if (lengthOf(text) === null) return
    if (!text.startsWith('HTTP/1.1 200')) throw new Error(text.slice(0, 100))
    text = ''
    if (sentMs - startMs >= WARM_MS) latencies.push(performance.now() - sentMs)
    const next = waiting.shift()
    if (next === undefined) idle.push(send)
    else send(next.token, next.dueMs)
  })
  idle.push(send)
}

let sent = 0
const timer = setInterval(() => {
  const nowMs = performance.now()
  const due = Math.floor(((nowMs - startMs) / 1000) * Number(rate))
  for (; sent < due; sent += 1) {
    const token = tokens[sent % tokens.length] ?? ''
    const send = idle.pop()
    if (send === undefined) waiting.push({ token, dueMs: nowMs })
    else send(token, nowMs)
  }
  if (nowMs - startMs < WARM_MS + Number(seconds) * 1000) return
  clearInterval(timer)
  latencies.sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN
  process.stdout.write(`${latencies.length} ${at(0.5)} ${at(0.99)} ${at(0.999)}\n`)
  process.exit()
}, TICK_MS)
