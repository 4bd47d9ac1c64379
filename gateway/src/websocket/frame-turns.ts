import type { Duplex } from 'node:stream'
import { fairTurns, LONGEST_READS_MS } from '@gatehouse/http-service/fair-turns'
import type { Division } from '@gatehouse/http-service/paced-bytes'
import { paceReads } from '@gatehouse/http-service/paced-reads'
import { FrameWalk } from './frame-walk.ts'

/** All WebSockets share the time of a turn of the event loop. */
const turns = fairTurns(LONGEST_READS_MS)
/** About half a millisecond. */
const FRAMES_OF_A_PIECE = 512
/** Frames of this size cost hardly more than their bytes. */
const LARGE_BYTES = 1024
/** Small reads are gathered up to this size while they wait for their turn. */
const MOST_HELD_BYTES = 16 * 1024

/**
 * Divides what arrives on a connection by the number of its frames. `ws` hands over one message per
 * turn of the event loop, but reads up to 16,384 fragments at once, and a fragment without content
 * has two bytes. Large frames wait for nothing, so that a message is read as fast as it arrives.
 * @param caller whose connection it is; callers take turns
 */
export function takeFrameTurns(connection: Duplex, caller: string | null): void {
  paceReads(connection, {
    turns,
    client: caller ?? '',
    division: frameDivision(),
    mostHeldBytes: MOST_HELD_BYTES
  })
}

/** A frame waits for no turn if those that arrive with it are large on average. */
export function frameDivision(): Division {
  const walk = new FrameWalk()
  const endOf = (bytes: Buffer, mostFrames: number): number => {
    let at = 0
    for (let frames = 0; frames < mostFrames && at < bytes.length; frames += 1) {
      at = walk.step(bytes, at)
    }
    return at
  }
  return {
    atOnce: (bytes) => endOf(bytes, 1 + Math.floor(bytes.length / LARGE_BYTES)),
    piece: (bytes) => endOf(bytes, FRAMES_OF_A_PIECE)
  }
}
