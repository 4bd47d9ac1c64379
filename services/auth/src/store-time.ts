import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from '@gatehouse/http-service/build-service'
import type { FastifyRequest } from 'fastify'
import { storeUnavailable } from './refusals.ts'

/** How long calls of the stores may still take within a request. */
type StoreTime = { leftMs: number; readonly budgetMs: number }

const ofThisRequest = new AsyncLocalStorage<StoreTime>()

/**
 * Bounds the time that all store calls of one request take together. Each call has a time-out of its own, but a slow store and
 * clients that queue for its connections would add up to several time-outs, and a client must hear of an outage within a second.
 */
export function boundStoreTime(service: Service, budgetMs: number): void {
  const times = new WeakMap<FastifyRequest, StoreTime>()
  const timeOf = (request: FastifyRequest): StoreTime => {
    const time = times.get(request) ?? { leftMs: budgetMs, budgetMs }
    times.set(request, time)
    return time
  }
  service.addHook('onRequest', (request, _reply, done) => {
    ofThisRequest.run(timeOf(request), done)
  })
  // A body is read in events of its connection, which belong to no request.
  service.addHook('preValidation', (request, _reply, done) => {
    ofThisRequest.run(timeOf(request), done)
  })
}

/**
 * For what waits long between its store calls: a request that will not have the time for the later ones is refused before the
 * wait, and not after it.
 * @param share of the request's store time that is still to be spent, from 0 to 1
 * @throws Refusal UNAVAILABLE
 */
export function demandStoreTime(share: number): void {
  const time = ofThisRequest.getStore()
  if (time !== undefined && time.leftMs < share * time.budgetMs) {
    throw storeUnavailable(new Error('the stores are too slow for the rest of the request'))
  }
}

/**
 * Calls a store for as long as the request has time left; outside a request, for as long as it takes.
 * @param onLate hears what the call came to where it was no longer waited for
 * @throws Error where the time is over: the call may have its effect all the same
 */
export async function inStoreTime<Result>(
  call: () => Promise<Result>,
  onLate: (result: Result) => void = () => {}
): Promise<Result> {
  const time = ofThisRequest.getStore()
  if (time === undefined) return await call()
  if (time.leftMs <= 0) throw new Error('the stores have had the time of this request')
  const startedMs = performance.now()
  const given = new AbortController()
  const late = Symbol('late')
  const running = call()
  try {
    const first = await Promise.race([
      running,
      sleep(time.leftMs, late, { signal: given.signal }).catch(() => late)
    ])
    if (first !== late) return first as Result
    running.then(onLate, () => {})
    throw new Error('the stores took longer than a request may wait for them')
  } finally {
    given.abort()
    time.leftMs -= performance.now() - startedMs
  }
}
