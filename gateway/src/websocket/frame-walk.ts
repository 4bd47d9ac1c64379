/** RFC 6455 §5.2: the second byte's length, if the length follows in two or in eight bytes */
const [IN_TWO_BYTES, IN_EIGHT_BYTES] = [126, 127]
const LONGEST_HEADER = 14

/** Follows the frames of a connection. */
export class FrameWalk {
  readonly #header = Buffer.alloc(LONGEST_HEADER)
  /** how many bytes of the header have arrived */
  #inHeader = 0
  /** how many bytes of the payload are missing */
  #payload = 0
  /** whether the last step has ended a frame, so that the next byte begins one */
  hasEnded = true

  /** of the frame: its opcode, and whether it ends its message */
  get firstByte(): number {
    return this.#header.readUInt8(0)
  }

  /**
   * Goes to the end of the frame, or of the bytes if they end before.
   * @returns where that is
   */
  step(bytes: Buffer, from: number): number {
    let at = from
    this.hasEnded = false
    while (at < bytes.length) {
      if (this.#payload === 0) {
        this.#header[this.#inHeader] = bytes.readUInt8(at)
        this.#inHeader += 1
        at += 1
        if (this.#inHeader < headerLength(this.#header, this.#inHeader)) continue
        this.#payload = payloadLength(this.#header)
      } else {
        const here = Math.min(this.#payload, bytes.length - at)
        this.#payload -= here
        at += here
      }
      if (this.#payload > 0) continue
      this.#inHeader = 0
      this.hasEnded = true
      break
    }
    return at
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
