/** RFC 6455 §5.2: the second byte's length, if the length follows in two or in eight bytes */
const [IN_TWO_BYTES, IN_EIGHT_BYTES] = [126, 127]
const LONGEST_HEADER = 14

/**
 * Counts the pieces in which `ws` holds a message that is not complete: its fragments, and the
 * chunks of the frame that is not complete. A piece takes memory of its own, however short it is.
 * @returns takes the next bytes of a connection and returns how many pieces are held then
 */
export function framePieces(): (chunk: Buffer) => number {
  const header = Buffer.alloc(LONGEST_HEADER)
  let inHeader = 0
  let payload = 0
  let [fragments, chunks] = [0, 0]

  const endFrame = (): void => {
    const first = header.readUInt8(0)
    const isControl = (first & 0x08) !== 0
    const isFinal = (first & 0x80) !== 0
    // A control frame may come between the fragments of a message.
    if (!isControl) fragments = isFinal ? 0 : fragments + 1
    inHeader = 0
    chunks = 1
  }
  return (chunk) => {
    chunks += 1
    let at = 0
    while (at < chunk.length) {
      if (payload === 0) {
        header[inHeader] = chunk.readUInt8(at)
        inHeader += 1
        at += 1
        if (inHeader < headerLength(header, inHeader)) continue
        payload = payloadLength(header)
      } else {
        const here = Math.min(payload, chunk.length - at)
        payload -= here
        at += here
      }
      if (payload === 0) endFrame()
    }
    if (inHeader === 0) chunks = 0
    return fragments + chunks
  }
}

/** How long the header is, as far as the bytes that have arrived tell. */
function headerLength(header: Buffer, arrived: number): number {
  if (arrived < 2) return 2
  const second = header.readUInt8(1)
  const length = second & 0x7f
  const extended = length === IN_EIGHT_BYTES ? 8 : length === IN_TWO_BYTES ? 2 : 0
  return 2 + extended + (second & 0x80 ? 4 : 0)
}

/** `ws` refuses a length of more than 53 bits. */
function payloadLength(header: Buffer): number {
  const length = header.readUInt8(1) & 0x7f
  if (length === IN_EIGHT_BYTES) return header.readUInt32BE(2) * 2 ** 32 + header.readUInt32BE(6)
  return length === IN_TWO_BYTES ? header.readUInt16BE(2) : length
}
