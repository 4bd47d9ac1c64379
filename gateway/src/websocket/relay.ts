import type { RawData, WebSocket } from 'ws'
import { guard, type NoteFault } from '../forwarding/guard.ts'
import { closeCode, codeOfFault, isSendable } from './close-codes.ts'

export type Relay = {
  /** Closes both sides, the client with this code and reason. */
  end(code: number, reason: string): void
}

type RelayOptions = {
  /** how long a side may show no sign of life */
  readonly idleMs: number
  readonly noteFault: NoteFault
  readonly onEnd: () => void
}

/** If one side has more unread bytes than this, the other one is paused. */
const HIGH_WATER_BYTES = 1024 * 1024
const LOW_WATER_BYTES = HIGH_WATER_BYTES / 4
/** the memory for a waiting message, in addition to its bytes */
const UNSENT_MESSAGE_BYTES = 256
/** pings and pongs of one side; no honest peer needs more */
const MOST_CONTROL_FRAMES_A_SECOND = 32
/** for the last messages of a side that is to close */
const CLOSING_MS = 2000

/**
 * Passes messages between a client and its service, both connected, no faster than each side reads,
 * until one of them closes.
 */
export function relay(client: WebSocket, service: WebSocket, options: RelayOptions): Relay {
  let over = false
  const finish = (ends: () => void): void => {
    if (over) return
    over = true
    clearInterval(pinging)
    // Does not wait longer for a side that does not complete the close handshake.
    setTimeout(() => {
      client.terminate()
      service.terminate()
    }, CLOSING_MS).unref()
    options.onEnd()
    ends()
  }
  const cut = (): void =>
    finish(() => {
      client.terminate()
      service.terminate()
    })
  const guarded = guard({ place: 'websocket', noteFault: options.noteFault, end: cut })
  const pinging = keepAlive([client, service], options.idleMs, guarded, {
    onSilence: cut,
    onFlood: (side) =>
      finish(() => {
        client.close(side === client ? closeCode.policyViolation : closeCode.badGateway)
        service.close(closeCode.policyViolation)
      })
  })

  pass(client, service, guarded, () => over)
  pass(service, client, guarded, () => over)
  client.on(
    'close',
    guarded((code: number, reason: Buffer) => finish(() => closeWith(service, code, reason)))
  )
  service.on(
    'close',
    guarded((code: number, reason: Buffer) =>
      finish(() => {
        if (isSendable(code)) client.close(code, reason)
        else if (code === NO_CODE) client.close()
        else client.close(closeCode.badGateway)
      })
    )
  )
  // After an invalid frame, the 'close' event of that side waits for its peer, which may never
  // answer.
  client.on(
    'error',
    guarded((error: Error) => finish(() => closeWith(service, codeOfFault(error))))
  )
  service.on(
    'error',
    guarded(() => finish(() => client.close(closeCode.badGateway)))
  )
  client.resume()
  service.resume()

  return {
    end: (code, reason) =>
      finish(() => {
        client.close(code, reason)
        service.close(closeCode.goingAway)
      })
  }
}

/** RFC 6455 §7.1.5: a close frame without a code */
const NO_CODE = 1005

/** Closes a side with the code of the other one; cuts it if the other one has vanished. */
function closeWith(side: WebSocket, code: number, reason?: Buffer): void {
  if (isSendable(code)) side.close(code, reason)
  else if (code === NO_CODE) side.close()
  else side.terminate()
}

type Guarded = ReturnType<typeof guard>

/**
 * A mebibyte could hold half a million empty messages, so each message counts for more than its
 * bytes.
 */
function pass(from: WebSocket, to: WebSocket, guarded: Guarded, isOver: () => boolean): void {
  let unsent = 0
  const heldBytes = (): number => to.bufferedAmount + unsent * UNSENT_MESSAGE_BYTES
  const goOn = guarded((): void => {
    unsent -= 1
    if (from.isPaused && heldBytes() <= LOW_WATER_BYTES) from.resume()
  })
  from.on(
    'message',
    guarded((data: RawData, binary: boolean) => {
      if (isOver()) return
      unsent += 1
      to.send(data, { binary }, goOn)
      if (heldBytes() > HIGH_WATER_BYTES) from.pause()
    })
  )
}

type KeepAliveEnds = {
  readonly onSilence: () => void
  readonly onFlood: (side: WebSocket) => void
}

/**
 * Pings both sides. A paused side cannot answer. Counts the control frames of each side: between
 * two fragments of a message, a flood of them would stay in memory until the message is complete.
 */
function keepAlive(
  sides: readonly WebSocket[],
  idleMs: number,
  guarded: Guarded,
  { onSilence, onFlood }: KeepAliveEnds
): NodeJS.Timeout {
  const heard = new Set(sides)
  const unsent = new Map<WebSocket, number>()
  const controlFrames = new Map<WebSocket, number>()
  const mostControlFrames = MOST_CONTROL_FRAMES_A_SECOND * Math.max(idleMs / 2000, 1)
  const count = (side: WebSocket): void => {
    const frames = (controlFrames.get(side) ?? 0) + 1
    controlFrames.set(side, frames)
    if (frames > mostControlFrames) onFlood(side)
  }
  for (const side of sides) {
    side.on('pong', () => heard.add(side)).on('message', () => heard.add(side))
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
   * Whether the other side, because of which this one is paused, has read anything since the last
   * check.
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
