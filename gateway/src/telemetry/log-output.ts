import { isWorker } from '@gatehouse/process/as-worker'
import { pino } from 'pino'
import { Counter, type Registry } from 'prom-client'

/** The maximum in memory while the reader of the log is slower than the requests. */
const MOST_BYTES = 16 * 1024 * 1024
const FULL_BYTES = 8 * 1024
/** Pieces of several processes that write to one pipe are not mixed up to this size (pipe(7)). */
const UNMIXED_BYTES = 4096
const FLUSH_MS = 500

/**
 * Standard output for the access log, written in the background and in large pieces. If the reader
 * is too slow or has gone, lines are dropped and counted. No request waits or fails.
 */
export function logOutput(metrics: Registry) {
  const dropped = new Counter({
    name: 'gateway_access_log_dropped_total',
    help: 'Lines of the access log that were dropped because its reader was too slow',
    registers: [metrics]
  })
  const stream = pino.destination({
    dest: 1,
    sync: false,
    maxLength: MOST_BYTES,
    ...(isWorker()
      ? { minLength: UNMIXED_BYTES / 2, maxWrite: UNMIXED_BYTES }
      : { minLength: FULL_BYTES })
  })
  stream.on('drop', () => dropped.inc())
  stream.on('error', () => dropped.inc())
  const flushing = setInterval(() => stream.flush(), FLUSH_MS).unref()
  return {
    stream,
    close() {
      clearInterval(flushing)
      try {
        stream.flushSync()
      } catch {
        // The reader has gone.
      }
    }
  }
}
