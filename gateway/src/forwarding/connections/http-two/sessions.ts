import { NoStreams } from '../../faults/http-two-faults.ts'
import type { GiveUp } from '../connections.ts'
import { openSession, type Session } from './session.ts'
import type { SessionOptions } from './session-options.ts'

/** A request that waits for a place on a connection. */
type Waiting = {
  /** The connection has capacity for it. */
  begin(session: Session): void
  /** There is no connection, so no part of it was sent. */
  fail(error: Error): void
}

/** The connections to one address of a service. */
export type Sessions = {
  /**
   * Begins a request now, or as soon as a connection can take it.
   * @returns to be called if the client leaves before the request has begun
   */
  take(request: Waiting): GiveUp
  /** how many connections are open, with those that only carry their last requests */
  readonly size: number
  /** Ends each connection when its last request has ended. */
  retire(): void
  close(): void
}

type Own = Omit<SessionOptions, 'onCapacity' | 'onClosed'> & {
  /** The last connection has closed, and no request waits. */
  onEmpty(): void
}

type Pool = {
  readonly options: Own
  /** all connections whose service has sent its settings */
  readonly open: Set<Session>
  /**
   * those that may take requests; the oldest first, so that the newer ones become idle after a peak
   */
  readonly ready: Set<Session>
  readonly connecting: Set<Session>
  readonly waiting: Set<Waiting>
  /** how many requests the last connection could take; an estimate for the next one */
  perSession: number
  /** After a failed attempt, no further connection is opened before this time. */
  nextAttemptMs: number
}

/** RFC 9113 §6.5.2 recommends that a service accepts at least as many. */
const USUAL_STREAMS = 100
/** How long an open connection carries all requests after another one could not be made. */
const RETRY_MS = 1000

export function sessions(options: Own): Sessions {
  const pool: Pool = {
    options,
    open: new Set(),
    ready: new Set(),
    connecting: new Set(),
    waiting: new Set(),
    perSession: USUAL_STREAMS,
    nextAttemptMs: 0
  }
  return {
    take(request) {
      const session = firstFree(pool)
      if (session !== null) {
        request.begin(session)
        return () => {}
      }
      pool.waiting.add(request)
      connectAsNeeded(pool)
      return (error) => {
        if (pool.waiting.delete(request)) request.fail(error)
      }
    },
    get size() {
      return pool.open.size
    },
    retire() {
      for (const one of pool.ready) one.retire()
    },
    close() {
      for (const one of [...pool.open, ...pool.connecting]) one.destroy()
    }
  }
}

function firstFree({ ready }: Pool): Session | null {
  for (const session of ready) {
    if (session.free() > 0) return session
    if (session.isOpen()) continue
    ready.delete(session)
    session.retire()
  }
  return null
}

/**
 * Opens as many connections as the waiting requests need, by what one of them could take so far.
 */
function connectAsNeeded(pool: Pool): void {
  if (isServed(pool) && pool.options.monotonicClock() < pool.nextAttemptMs) return
  const needed = Math.ceil(pool.waiting.size / pool.perSession)
  while (pool.connecting.size < needed) open(pool)
}

/** Whether an open connection will have capacity for the requests that wait. */
const isServed = ({ ready }: Pool): boolean => [...ready].some((session) => session.isOpen())

function open(pool: Pool): void {
  const { options, connecting, ready } = pool
  const made = openSession(
    {
      ...options,
      onCapacity: () => beginWaiting(pool),
      onClosed() {
        connecting.delete(made)
        ready.delete(made)
        pool.open.delete(made)
        if (pool.waiting.size > 0) beginWaiting(pool)
        else if (pool.open.size + connecting.size === 0) options.onEmpty()
      }
    },
    (error) => {
      connecting.delete(made)
      const fault = error ?? unusable(made)
      if (fault !== null) {
        made.destroy()
        pool.nextAttemptMs = options.monotonicClock() + RETRY_MS
        // A service with a limit of connections is not down. The requests wait for a stream.
        if (connecting.size === 0 && !isServed(pool)) failWaiting(pool, fault)
        return
      }
      pool.perSession = made.free()
      pool.open.add(made)
      ready.add(made)
      beginWaiting(pool)
    }
  )
  connecting.add(made)
}

/**
 * A service may accept no stream, or end the connection with its settings (RFC 9113 §6.5.2, §6.8).
 * Another connection would be no better, so the requests that wait do not open one.
 */
const unusable = (session: Session): Error | null =>
  session.free() > 0 ? null : new NoStreams('the service accepts no streams')

function beginWaiting(pool: Pool): void {
  for (const request of pool.waiting) {
    const session = firstFree(pool)
    if (session === null) {
      connectAsNeeded(pool)
      return
    }
    pool.waiting.delete(request)
    request.begin(session)
  }
}

/** The last attempt has failed. The requests are tried at another address, if there is one. */
function failWaiting({ waiting }: Pool, error: Error): void {
  const failed = [...waiting]
  waiting.clear()
  for (const request of failed) request.fail(error)
}
