/**
 * The few parts of the wire format of Protocol Buffers
 * (https://protobuf.dev/programming-guides/encoding/) that the gateway writes and reads.
 */

const VARINT = 0
const LENGTH = 2

/** A number as base-128 digits, the lowest first. */
function varint(value: number): Buffer {
  const digits: number[] = []
  let left = value
  while (left >= 0x80) {
    digits.push((left % 0x80) + 0x80)
    left = Math.floor(left / 0x80)
  }
  digits.push(left)
  return Buffer.from(digits)
}

/**
 * A field with a whole number.
 * @param field its number in the message, from 1 to 15
 * @param value from 0 to 2^53 - 1
 */
export const numberField = (field: number, value: number): Buffer =>
  Buffer.concat([Buffer.from([(field << 3) | VARINT]), varint(value)])

/** A field with a string or another message; the same conditions for its number. */
export function bytesField(field: number, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([Buffer.from([(field << 3) | LENGTH]), varint(bytes.length), bytes])
}
