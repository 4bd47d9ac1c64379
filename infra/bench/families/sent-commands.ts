import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'

/** Counts the commands that clients send to a Redis server, until it is stopped. */
export type SentCommands = {
  /** How many so far, without those that scripts call: they are not round trips. */
  count(): number
  stop(): void
}

/**
 * Reads what MONITOR reports, a line per command. A client of Redis would take a command that comes
 * at the same moment for the reply to MONITOR itself.
 */
export async function sentCommands(url: string): Promise<SentCommands> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const lines = createInterface({ input: socket })
  let sent = 0
  socket.write('MONITOR\r\n')
  await once(lines, 'line')
  lines.on('line', (line) => {
    if (!/^\+[\d.]+ \[\d+ lua\]/.test(line)) sent += 1
  })
  return {
    count: () => sent,
    stop() {
      lines.close()
      socket.destroy()
    }
  }
}
