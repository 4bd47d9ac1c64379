import { placeOf, ROWS } from './count-min.ts'
import { REQUEST_SHAPE, type RequestCounts } from './request-counts.ts'

/** For an installation in one process. */
export function memoryRequestCounts(): RequestCounts {
  const counts = new Uint32Array(ROWS * REQUEST_SHAPE.columns)
  let counted = 0
  return {
    async count(minute, key) {
      if (minute !== counted) {
        counts.fill(0)
        counted = minute
      }
      const { cells } = placeOf(key, REQUEST_SHAPE)
      for (const cell of cells) counts[cell] = (counts[cell] ?? 0) + 1
      return Math.min(...cells.map((cell) => counts[cell] ?? 0))
    }
  }
}
