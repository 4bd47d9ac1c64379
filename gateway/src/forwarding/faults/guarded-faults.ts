import type { ServiceLog } from '@gatehouse/http-service/service-log'
import { Counter, type Registry } from 'prom-client'
import { type GuardedPlace, guardedPlaces, type NoteFault } from './guard.ts'

const WINDOW_MS = 60_000
/** The maximum per window, so that a client that provokes faults does not fill the log. */
const MOST_LINES = 10

type FaultOptions = {
  readonly metrics: Registry
  readonly log: Pick<ServiceLog, 'error'>
  readonly monotonicClock: () => number
}

/** Counts every guarded fault, and logs the first ones of each minute. */
export function guardedFaults({ metrics, log, monotonicClock }: FaultOptions): NoteFault {
  const counter = new Counter({
    name: 'gateway_guarded_faults_total',
    help: 'Internal errors that ended one exchange and nothing else',
    labelNames: ['place'],
    registers: [metrics]
  })
  for (const place of guardedPlaces) counter.inc({ place }, 0)
  let windowEnds = Number.NEGATIVE_INFINITY
  let lines = 0
  let unlogged = 0
  return (place, error) => {
    counter.inc({ place })
    if (monotonicClock() >= windowEnds) {
      windowEnds = monotonicClock() + WINDOW_MS
      lines = 0
    }
    if (lines === MOST_LINES) {
      unlogged += 1
      return
    }
    lines += 1
    log.error({ place, fault: faultLine(error), unlogged }, lineOf[place])
    unlogged = 0
  }
}

const lineOf: Readonly<Record<GuardedPlace, string>> = {
  answer: 'an internal error ended a response',
  connection: 'an internal error ended a connection to a service',
  upgrade: 'an internal error ended an upgrade',
  websocket: 'an internal error ended a WebSocket'
}

/**
 * The kind of an error and where it was thrown, without its message: the message may quote the
 * bytes of a client or a service. For example, Node.js quotes a header that it cannot write.
 */
function faultLine(error: Error): { type: string; code?: string; stack: string } {
  const { name, message, stack = '' } = error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  // The message precedes the frames, and could look like frames.
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n')
  return {
    type: name,
    ...(code === undefined ? {} : { code }),
    stack: frames.filter((line) => line.startsWith('    at ')).join('\n')
  }
}
