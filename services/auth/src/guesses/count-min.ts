/**
 * The shape of a count-min table: a fixed number of cells, whatever is counted. A key has one cell in each row and shares it
 * with other keys, so a cell never holds less than the key's own count, and the least of the key's cells is its count but
 * where all of them are shared.
 */
export type Shape = {
  /** tables, each with keys of its own; a power of two, 256 at most */
  readonly parts: number
  /** cells of a row in one part; a power of two, 65,536 at most */
  readonly columns: number
}

export const ROWS = 4

export type Place = {
  readonly part: number
  /** one cell in each row, counted from the part's first */
  readonly cells: readonly number[]
}

/**
 * Where a key is counted.
 * @param digest at least 9 bytes of a keyed digest: without its key nobody finds keys that share their cells with another's
 */
export function placeOf(digest: Buffer, { parts, columns }: Shape): Place {
  const cells = Array.from(
    { length: ROWS },
    (_, row) => row * columns + (digest.readUInt16BE(1 + 2 * row) % columns)
  )
  return { part: digest.readUInt8(0) % parts, cells }
}
