import { errors } from 'undici'
import { NoStreams } from '../../../faults/http-two-faults.ts'
import type { GiveUp } from '../../connections.ts'
import { type Claim, mostHeld } from '../uploads/upload-claim.ts'
import { USUAL_WINDOW_BYTES, type WindowSizes } from '../uploads/upload-window.ts'
import { openSession, type Session } from './session.ts'
import type { SessionOptions } from './session-options.ts'

/** A request that waits for a place on a connection. */
type Waiting = {
  /** what it needs as an upload; null: it has no body */
  readonly claim: Claim | null
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
  /** how many connections are open, including those that only carry their last requests */
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
  /** those of the last connection; an estimate for the next one */
  windows: WindowSizes
  /** until the next attempt after one that has failed */
  pause: NodeJS.Timeout | undefined
}

/** RFC 9113 §6.5.2 recommends that a service accepts at least as many. */
const USUAL_STREAMS = 100
/** The pause after a failed connection, while other connections carry requests. */
const PAUSE_MS = 500

export function sessions(options: Own): Sessions {
  const pool: Pool = {
    options,
    open: new Set(),
    ready: new Set(),
    connecting: new Set(),
    waiting: new Set(),
    perSession: USUAL_STREAMS,
    windows: { stream: USUAL_WINDOW_BYTES, connection: USUAL_WINDOW_BYTES },
    pause: undefined
  }
  return {
    take(request) {
      const session = firstFree(pool, request)
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
      clearTimeout(pool.pause)
      failWaiting(pool, new errors.ClientDestroyedError())
      for (const one of [...pool.open, ...pool.connecting]) one.destroy()
    }
  }
}

function firstFree({ ready, pause }: Pool, { claim }: Pick<Waiting, 'claim'>): Session | null {
  for (const session of ready) {
    if (session.free(claim, pause !== undefined) > 0) return session
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
  if (pool.pause !== undefined) return
  const { waiting, perSession, windows } = pool
  let heldBytes = 0
  for (const { claim } of waiting) {
    if (claim !== null) heldBytes += mostHeld(claim, windows.stream)
  }
  const needed = Math.max(waiting.size / perSession, heldBytes / windows.connection)
  while (pool.connecting.size < needed) open(pool)
}

/** Whether connections carry requests, which may end and leave their places to others. */
const isUsed = ({ ready }: Pool): boolean => [...ready].some((session) => session.isAccepting())

/**
 * There is no further connection for the requests that wait. If none carries requests, they fail,
 * and are tried at another address, if there is one.
 */
function lack(pool: Pool, fault: Error): void {
  if (pool.connecting.size > 0 || pool.waiting.size === 0) return
  if (!isUsed(pool)) {
    failWaiting(pool, fault)
    return
  }
  pool.pause ??= setTimeout(connectAgain, PAUSE_MS, pool).unref()
  // Uploads share the connections that exist.
  beginWaiting(pool)
}

function connectAgain(pool: Pool): void {
  clearTimeout(pool.pause)
  pool.pause = undefined
  beginWaiting(pool)
}

function open(pool: Pool): void {
  const { options, connecting, ready } = pool
  const made = openSession(
    {
      ...options,
      onCapacity: () => beginWaiting(pool),
      onClosed() {
        connecting.delete(made)
        ready.delete(made)
        const wasOpen = pool.open.delete(made)
        if (wasOpen && pool.waiting.size > 0 && !isUsed(pool)) connectAgain(pool)
        if (pool.open.size + connecting.size + pool.waiting.size === 0) options.onEmpty()
      }
    },
    (error) => {
      connecting.delete(made)
      const fault = error ?? unusable(made)
      if (fault !== null) {
        made.destroy()
        return lack(pool, fault)
      }
      pool.perSession = made.free(null)
      pool.windows = made.uploads.sizes()
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
  session.free(null) > 0 ? null : new NoStreams('the service accepts no streams')

function beginWaiting(pool: Pool): void {
  const lacking = new Set<boolean | null>()
  for (const request of pool.waiting) {
    const kind = request.claim?.isCall ?? null
    // Requests of a kind keep their order. If only uploads have to wait, others need not.
    if (lacking.has(kind)) continue
    const session = firstFree(pool, request)
    if (session !== null) {
      pool.waiting.delete(request)
      request.begin(session)
      continue
    }
    lacking.add(kind)
    if (kind === null) break
  }
  if (lacking.size > 0) connectAsNeeded(pool)
}

function failWaiting({ waiting }: Pool, error: Error): void {
  const failed = [...waiting]
  waiting.clear()
  for (const request of failed) request.fail(error)
}
