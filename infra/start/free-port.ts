import { randomInt } from 'node:crypto'
import { createServer, type ListenOptions } from 'node:net'

/** Above the ports that browsers and fetch refuse (the last is 10080). */
const FIRST = 12_000

/**
 * Below the ports that systems use for outgoing connections: from 32768 on Linux, 49152 elsewhere
 * (RFC 6335 §6).
 */
const END = 32_768

/** How many ports a process reserves at a time. */
const BLOCK_PORTS = 64
const BLOCKS = Math.floor((END - FIRST) / BLOCK_PORTS)

/** Ports that no other process takes from here while this one runs. */
export type PortBlock = { next: number; readonly end: number }

let block: Promise<PortBlock> | null = null

/**
 * A free port of the loopback interface. Neither an outgoing connection nor another process that
 * asks here can take it before its server starts, or while the server is down.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    block ??= portBlock()
    const taken = block
    const own = await taken
    if (own.next < own.end) {
      const port = own.next
      own.next += 1
      if (await canListen({ port, host: '127.0.0.1' }, 'close')) return port
    } else if (block === taken) block = null
  }
}

/**
 * Reserves a block with an abstract socket of Linux (unix(7)), which ends with the process. Other
 * systems have none; there, a block is only chosen at random.
 */
export async function portBlock(pick = () => randomInt(BLOCKS)): Promise<PortBlock> {
  for (;;) {
    const index = pick()
    const path = `\0gatehouse-ports-${index}`
    if (process.platform === 'linux' && !(await canListen({ path }, 'keep'))) continue
    const begin = FIRST + index * BLOCK_PORTS
    return { next: begin, end: begin + BLOCK_PORTS }
  }
}

function canListen(options: ListenOptions, then: 'close' | 'keep'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ ...options, exclusive: true }, () => {
      if (then === 'close') server.close(() => resolve(true))
      else {
        server.unref()
        resolve(true)
      }
    })
  })
}
