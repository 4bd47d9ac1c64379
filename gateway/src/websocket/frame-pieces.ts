import { FrameWalk } from './frame-walk.ts'

/**
 * Counts the pieces in which `ws` holds a message that is not complete: its fragments, and the
 * chunks of the frame that is not complete. A piece takes memory of its own, however short it is.
 * @returns takes the next bytes of a connection and returns how many pieces are held then
 */
export function framePieces(): (chunk: Buffer) => number {
  const walk = new FrameWalk()
  let [fragments, chunks] = [0, 0]

  const endFrame = (): void => {
    const isControl = (walk.firstByte & 0x08) !== 0
    const isFinal = (walk.firstByte & 0x80) !== 0
    // A control frame may come between the fragments of a message.
    if (!isControl) fragments = isFinal ? 0 : fragments + 1
    chunks = 1
  }
  return (chunk) => {
    chunks += 1
    let at = 0
    while (at < chunk.length) {
      at = walk.step(chunk, at)
      if (walk.hasEnded) endFrame()
    }
    if (walk.hasEnded) chunks = 0
    return fragments + chunks
  }
}
