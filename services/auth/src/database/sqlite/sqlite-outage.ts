/**
 * SQLITE_BUSY, LOCKED, READONLY, IOERR, FULL and CANTOPEN: the file cannot be used at the moment.
 * Every other error is a bug.
 */
const OUTAGES = new Set([5, 6, 8, 10, 13, 14])

export function isSqliteOutage(error: unknown): boolean {
  // The low byte is the primary code; the bits above it are details.
  return error instanceof Error && 'errcode' in error && OUTAGES.has(Number(error.errcode) & 0xff)
}
