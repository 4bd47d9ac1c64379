import type { Field } from './probe.ts'

/** The frames of HTTP/2 that a probe and its response need (RFC 9113 §6). */
export const frameType = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7
} as const

/** In PING and SETTINGS, the first one means ACK. */
export const frameFlag = { endStream: 1, endHeaders: 4, padded: 8 } as const

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

export type Frame = {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export function frame({ type, flags, stream, payload }: Frame): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Returns a function that finds the complete frames in what arrives. */
export function frameReader(): (chunk: Buffer) => Frame[] {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    const found: Frame[] = []
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3)
      found.push({
        type: rest.readUInt8(3),
        flags: rest.readUInt8(4),
        stream: rest.readUInt32BE(5) & 0x7fffffff,
        payload: rest.subarray(9, end)
      })
      rest = rest.subarray(end)
    }
    return found
  }
}

/** Fields as literals that no table keeps (RFC 7541 §6.2.2), to the letter. */
export const headerBlock = (fields: readonly Field[]): Buffer =>
  Buffer.concat(fields.flatMap((field) => [Buffer.from([0]), ...field.map(literal)]))

/** RFC 7541 §5.2, without Huffman coding */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  const length = bytes.length < 127 ? [bytes.length] : [127, ...continued(bytes.length - 127)]
  return Buffer.concat([Buffer.from(length), bytes])
}

/** RFC 7541 §5.1 */
const continued = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...continued(Math.floor(value / 128))]
