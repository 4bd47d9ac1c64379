import type { RawData, WebSocket } from 'ws'
import type { Guarded } from '../forwarding/faults/guard.ts'
import { type Side, watchArriving } from './arriving-bytes.ts'
import { takeFrameTurns } from './frame-turns.ts'
import type { MessageAccount } from './message-memory.ts'

/** If one side has more unread bytes than this, the other one is paused. */
const HIGH_WATER_BYTES = 1024 * 1024
const LOW_WATER_BYTES = HIGH_WATER_BYTES / 4
/**
 * The memory for a waiting message, in addition to its bytes. A mebibyte could hold half a million
 * empty messages.
 */
const UNSENT_MESSAGE_BYTES = 256

type Direction = {
  readonly from: Side
  readonly to: WebSocket
  /** whether `from` masks its frames, as clients do */
  readonly isMasked: boolean
  readonly caller: string | null
  /** an account of the caller in the memory for messages */
  readonly account: () => MessageAccount
  readonly guarded: Guarded
  readonly isOver: () => boolean
  /** called when a message arrives that does not fit into the memory */
  readonly onFull: () => void
}

/** Passes the messages of one side to the other, no faster than that one reads. */
export function passMessages(direction: Direction): void {
  const { from, to, guarded, isOver } = direction
  const [arriving, unsent] = [direction.account(), direction.account()]
  const sender = from.webSocket
  let messages = 0
  const heldBytes = (): number => to.bufferedAmount + messages * UNSENT_MESSAGE_BYTES
  const goOn = guarded((): void => {
    messages -= 1
    const held = heldBytes()
    unsent.hold(held)
    if (sender.isPaused && held <= LOW_WATER_BYTES) sender.resume()
  })
  const noteArriving = guarded((bytes: number): void => {
    if (isOver() || arriving.hold(bytes)) return
    // There will be room when the receiver has read what it has not read yet.
    if (messages > 0) sender.pause()
    else direction.onFull()
  })
  takeFrameTurns(from.connection, direction.caller)
  // Its listener is the first one: a complete message is counted as unsent, no longer as arriving.
  watchArriving(from, direction.isMasked, noteArriving)
  sender.on(
    'message',
    guarded((data: RawData, binary: boolean) => {
      if (isOver()) return
      messages += 1
      to.send(data, { binary }, goOn)
      const held = heldBytes()
      if (!unsent.hold(held) || held > HIGH_WATER_BYTES) sender.pause()
    })
  )
}
