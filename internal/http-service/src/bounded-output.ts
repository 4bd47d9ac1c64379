import type { Writable } from 'node:stream'

/** The maximum in memory while the reader of the log is slower than its lines. */
const MOST_BYTES = 16 * 1024 * 1024

/**
 * Where a log is written. Lines that its reader would keep in memory without limit are dropped.
 */
export const boundedOutput = (stream: Writable, mostBytes = MOST_BYTES) => ({
  write(line: string): void {
    if (stream.writableLength < mostBytes) stream.write(line)
  }
})
