/** RFC 9113 §4.1, §6.2 and §6.10 */
const FRAME_HEADER_BYTES = 9
const [HEADERS, CONTINUATION, END_HEADERS] = [0x01, 0x09, 0x04]

/** A part of what a connection has brought. */
export type Part = {
  readonly bytes: Buffer
  /** whether it ends with the end of a header section */
  readonly endsSection: boolean
}

/**
 * Divides what a connection of HTTP/2 brings after each header section.
 * @param prefaceBytes how many bytes precede the first frame
 * @returns takes the next bytes and returns their parts
 */
export function headerSections(prefaceBytes: number): (bytes: Buffer) => Part[] {
  const header = Buffer.alloc(FRAME_HEADER_BYTES)
  let inHeader = 0
  let payload = prefaceBytes
  let endsSection = false

  const begin = (): void => {
    const [type, flags] = [header.readUInt8(3), header.readUInt8(4)]
    inHeader = 0
    payload = header.readUIntBE(0, 3)
    endsSection = (type === HEADERS || type === CONTINUATION) && (flags & END_HEADERS) !== 0
  }
  return (bytes) => {
    const parts: Part[] = []
    let [from, at] = [0, 0]
    while (at < bytes.length) {
      if (payload > 0) {
        const here = Math.min(payload, bytes.length - at)
        payload -= here
        at += here
      } else {
        header[inHeader] = bytes.readUInt8(at)
        inHeader += 1
        at += 1
        if (inHeader < FRAME_HEADER_BYTES) continue
        begin()
      }
      if (payload > 0 || !endsSection) continue
      endsSection = false
      parts.push({ bytes: bytes.subarray(from, at), endsSection: true })
      from = at
    }
    if (from < bytes.length) parts.push({ bytes: bytes.subarray(from), endsSection: false })
    return parts
  }
}
