import type { WebSocket } from 'ws'
import type { Guarded } from '../forwarding/faults/guard.ts'
import type { Side } from './arriving-bytes.ts'

/** pings and pongs of one side; no honest peer needs more */
const MOST_CONTROL_FRAMES_PER_SECOND = 32

type KeepAliveEnds = {
  readonly onSilence: () => void
  readonly onFlood: (side: WebSocket) => void
}

/**
 * Pings both sides. Every byte is a sign of life: a side that sends a large frame cannot answer in
 * the middle of it (RFC 6455 §5.4). Nor can a paused side. Counts the control frames of each side:
 * between two fragments of a message, a flood of them would stay in memory until the message is
 * complete.
 */
export function keepAlive(
  both: readonly Side[],
  idleMs: number,
  guarded: Guarded,
  { onSilence, onFlood }: KeepAliveEnds
): NodeJS.Timeout {
  const sides = both.map(({ webSocket }) => webSocket)
  const heard = new Set(sides)
  const unsent = new Map<WebSocket, number>()
  const controlFrames = new Map<WebSocket, number>()
  const mostControlFrames = MOST_CONTROL_FRAMES_PER_SECOND * Math.max(idleMs / 2000, 1)
  const count = (side: WebSocket): void => {
    const frames = (controlFrames.get(side) ?? 0) + 1
    controlFrames.set(side, frames)
    if (frames > mostControlFrames) onFlood(side)
  }
  for (const { connection, webSocket: side } of both) {
    connection.on('data', () => heard.add(side))
    side
      .on(
        'pong',
        guarded(() => count(side))
      )
      .on(
        'ping',
        guarded(() => count(side))
      )
  }
  /**
   * A side is paused while the other one does not read. Whether the other side of a paused one has
   * read anything since the last check.
   */
  const isReading = (side: WebSocket): boolean => {
    const other = sides.find((one) => one !== side) ?? side
    return other.bufferedAmount < (unsent.get(other) ?? Number.POSITIVE_INFINITY)
  }
  const ask = guarded((): void => {
    for (const side of sides) {
      if (!heard.has(side) && !(side.isPaused && isReading(side))) {
        onSilence()
        return
      }
      heard.delete(side)
      side.ping()
    }
    for (const side of sides) unsent.set(side, side.bufferedAmount)
    controlFrames.clear()
  })
  return setInterval(ask, idleMs / 2).unref()
}
