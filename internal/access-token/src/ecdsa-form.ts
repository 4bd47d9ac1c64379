/** DER: X.690 §8.3, §8.9 and §8.1.3 */
const [INTEGER, SEQUENCE] = [0x02, 0x30]
const LONGEST_SHORT = 127
const LENGTH_IN_NEXT_BYTE = 0x81

/** the longest header of the sequence: its tag, and a length in two bytes */
const HEADER_BYTES = 3

/**
 * The form of OpenSSL of an ECDSA signature: a SEQUENCE of two INTEGERs (RFC 3279 §2.2.3).
 * node:crypto takes the form of a JWS too (`ieee-p1363`), but needs half as much time again. Pure.
 * @param signature as in a JWS: r and s, each as long as a coordinate of the curve (RFC 7518 §3.4)
 */
export function derOfSignature(signature: Buffer): Buffer {
  const half = signature.length / 2
  const der = Buffer.allocUnsafe(HEADER_BYTES + 2 * (half + 3))
  const middle = writeInteger(der, HEADER_BYTES, signature, 0, half)
  const end = writeInteger(der, middle, signature, half, 2 * half)
  const length = end - HEADER_BYTES
  const isShort = length <= LONGEST_SHORT
  const first = isShort ? 1 : 0
  der[first] = SEQUENCE
  if (!isShort) der[1] = LENGTH_IN_NEXT_BYTE
  der[2] = length
  return der.subarray(first, end)
}

/**
 * Writes a number, as short as possible and not negative.
 * @returns where it ends
 */
function writeInteger(der: Buffer, at: number, number: Buffer, from: number, end: number): number {
  let first = from
  while (first < end - 1 && number[first] === 0) first += 1
  const zeros = (number[first] ?? 0) > LONGEST_SHORT ? 1 : 0
  const length = zeros + end - first
  der[at] = INTEGER
  der[at + 1] = length
  der[at + 2] = 0
  number.copy(der, at + 2 + zeros, first, end)
  return at + 2 + length
}

/**
 * The opposite of `derOfSignature`. Pure.
 * @param der as OpenSSL has made it
 * @param coordinateBytes the size of a coordinate of the curve
 */
export function signatureOfDer(der: Buffer, coordinateBytes: number): Buffer {
  const signature = Buffer.alloc(2 * coordinateBytes)
  let at = der[1] === LENGTH_IN_NEXT_BYTE ? 3 : 2
  for (const end of [coordinateBytes, 2 * coordinateBytes]) {
    const first = at + 2
    at = first + (der[at + 1] ?? 0)
    // A zero before the number only says that it is not negative.
    const start = Math.max(first, at - coordinateBytes)
    der.copy(signature, end - (at - start), start, at)
  }
  return signature
}
