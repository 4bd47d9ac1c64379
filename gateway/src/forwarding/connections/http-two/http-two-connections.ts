import type { Readable } from 'node:stream'
import { type Dispatcher, errors } from 'undici'
import { guard } from '../../faults/guard.ts'
import { ConnectionLost, StreamReset } from '../../faults/http-two-faults.ts'
import type {
  AskedRequest,
  Connections,
  ConnectionsOptions,
  GiveUp,
  Service
} from '../connections.ts'
import { endpointKey } from '../endpoint.ts'
import { isIdempotent } from '../idempotent.ts'
import { type Exchange, endWith } from './exchanges/open-exchange.ts'
import { patience } from './exchanges/patience.ts'
import { requestHead } from './exchanges/request-head.ts'
import { sendOn } from './exchanges/stream-exchange.ts'
import type { Session } from './sessions/session.ts'
import { type Sessions, sessions } from './sessions/sessions.ts'
import { upload } from './uploads/upload.ts'
import { claimOf } from './uploads/upload-claim.ts'

/** How long a connection without requests is kept, unless the operator sets a time. */
const IDLE_MS = 55_000
/** How much earlier than the service the gateway closes it. */
const MARGIN_MS = 2000
/** How often a request that a service has refused unread is sent again. */
const MOST_REFUSALS = 3

/** How many connections are open, by the address of the service. */
export type OpenSessions = { count(): ReadonlyMap<string, number> }

/**
 * Keeps connections over HTTP/2 to services, and sends many requests over each of them at a time. A
 * service that refuses a stream has not read it, nor has one whose GOAWAY names an earlier stream
 * (RFC 9113 §8.7). Such a request is sent again, whatever its method. If a connection breaks after
 * it has carried responses, an idempotent request on it is sent again, once.
 */
export function httpTwoConnections(options: ConnectionsOptions): Connections & OpenSessions {
  const pools = new Map<string, { readonly address: string; readonly pool: Sessions }>()
  let isClosed = false
  const poolOf = (origin: string, { tls, keepAliveSeconds }: Service): Sessions => {
    const key = endpointKey({ address: origin, tls })
    const known = pools.get(key)
    if (known !== undefined) return known.pool
    const pool = sessions({
      ...options,
      origin,
      tls,
      idleMs: keepAliveSeconds === 0 ? IDLE_MS : keepAliveSeconds * 1000 - MARGIN_MS,
      onEmpty() {
        // Each of its last connections reports this, and another pool may have begun meanwhile.
        if (pools.get(key)?.pool === pool) pools.delete(key)
      }
    })
    pools.set(key, { address: origin, pool })
    return pool
  }
  return {
    dispatch: (request, handler, service) =>
      send(request, handler, options, {
        pool: () => poolOf(String(request.origin), service),
        isClosed: () => isClosed
      }),
    count() {
      const open = new Map<string, number>()
      for (const { address, pool } of pools.values()) {
        open.set(address, (open.get(address) ?? 0) + pool.size)
      }
      return open
    },
    keepOnly(named) {
      for (const [key, { pool }] of pools) if (!named.has(key)) pool.retire()
    },
    async close() {
      isClosed = true
      for (const { pool } of pools.values()) pool.close()
      pools.clear()
    }
  }
}

/** The connections to the service of a request. */
type Own = { readonly pool: () => Sessions; readonly isClosed: () => boolean }

function send(
  request: AskedRequest,
  handler: Dispatcher.DispatchHandler,
  options: ConnectionsOptions,
  { pool, isClosed }: Own
): GiveUp {
  const exchange = openExchange(request, handler, options)
  let giveUp: GiveUp = () => {}
  let refusals = 0
  let breaks = 0
  const again = (error: Error, session: Session): void => {
    if (isClosed()) {
      endWith(exchange, new errors.ClientDestroyedError())
      return
    }
    const isRefused = error instanceof StreamReset && error.isRefusal
    const isBroken = error instanceof ConnectionLost && session.isProven
    if (isRefused) refusals += 1
    if (isBroken) breaks += 1
    const isHarmless = isRefused
      ? refusals <= MOST_REFUSALS
      : isBroken && breaks === 1 && isIdempotent(request.method)
    if (isHarmless && exchange.upload.isRepeatable) take()
    else endWith(exchange, error)
  }
  const guarded = guard({
    place: 'connection',
    noteFault: options.noteFault,
    end: () => endWith(exchange, new ConnectionLost('internal error'))
  })
  const begin = guarded((session: Session): void => {
    if (exchange.isOver) return
    if (!exchange.hasStarted) start(exchange)
    if (!exchange.isOver) sendOn(session, exchange, again)
  })
  const take = (): void => {
    exchange.stream = null
    exchange.doubtConnection = () => {}
    giveUp = pool().take({
      claim: exchange.claim,
      begin,
      fail: (error) => endWith(exchange, error)
    })
  }
  // The time limit also runs while the request waits for a stream, because it holds a place at the
  // service.
  exchange.patience.begin()
  take()
  return (error) => giveUp(error)
}

/** The request is about to be sent. */
function start(exchange: Exchange): void {
  exchange.hasStarted = true
  exchange.patience.begin()
  exchange.handler.onRequestStart?.(exchange.controller, null)
}

function openExchange(
  request: AskedRequest,
  handler: Dispatcher.DispatchHandler,
  { noteFault }: Pick<ConnectionsOptions, 'noteFault'>
): Exchange {
  const exchange: Exchange = {
    head: requestHead(String(request.origin), request),
    handler,
    controller: controllerOf(() => exchange),
    upload: upload({
      body: (request.body ?? null) as Buffer | Readable | null,
      trailers: request.trailers ?? (() => null),
      onProgress: () => exchange.patience.note(),
      onFault: (error) => endWith(exchange, error)
    }),
    claim: claimOf(request),
    patience: patience({
      headersMs: request.headersTimeout ?? 0,
      pauseMs: request.bodyTimeout ?? 0,
      isClientsTurn: () =>
        exchange.hasStarted && !exchange.upload.isDone && !exchange.upload.isHeldUp,
      onLate(error) {
        exchange.doubtConnection()
        endWith(exchange, error)
      }
    }),
    noteFault,
    stream: null,
    doubtConnection() {},
    hasStarted: false,
    isAnswered: false,
    isOver: false
  }
  return exchange
}

function controllerOf(exchangeOf: () => Exchange): Dispatcher.DispatchController {
  let reason: Error | null = null
  return {
    get aborted() {
      return reason !== null
    },
    get paused() {
      return exchangeOf().stream?.isPaused() ?? false
    },
    get reason() {
      return reason
    },
    abort(error) {
      reason = error
      endWith(exchangeOf(), error)
    },
    pause() {
      const { stream, patience } = exchangeOf()
      stream?.pause()
      patience.pause()
    },
    resume() {
      const { stream, patience, isOver } = exchangeOf()
      if (isOver) return
      patience.resume()
      stream?.resume()
    }
  }
}
