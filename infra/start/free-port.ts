import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Above the ports that browsers and fetch refuse (the last is 10080). */
const FIRST = 12_000

/**
 * Below the ports that systems use for outgoing connections: from 32768 on Linux, 49152 elsewhere
 * (RFC 6335 §6).
 */
const END = 32_768

/**
 * A free port of the loopback interface. An outgoing connection cannot take it by chance before its
 * server starts, or while the server is down.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
