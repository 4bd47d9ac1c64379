/**
 * The shape of a count-min table: a fixed number of cells, whatever is counted. A key has one cell
 * in each row and shares it with other keys. So a cell is never lower than the key's count, and the
 * lowest of the key's cells is its count, unless all of them are shared.
 */
export type Shape = {
  /** separate tables, each for its share of the keys; a power of two, at most 256 */
  readonly parts: number
  /** cells per row in one part; a power of two, at most 65,536 */
  readonly columns: number
}

export const ROWS = 4

type Place = {
  readonly part: number
  /** one cell in each row, counted from the first cell of the part */
  readonly cells: readonly number[]
}

/**
 * The cells of a key.
 * @param digest at least 9 bytes of a keyed digest: without the key of the digest, an attacker
 * cannot find keys that share cells with another one
 */
export function placeOf(digest: Buffer, { parts, columns }: Shape): Place {
  const cells = Array.from(
    { length: ROWS },
    (_, row) => row * columns + (digest.readUInt16BE(1 + 2 * row) % columns)
  )
  return { part: digest.readUInt8(0) % parts, cells }
}
