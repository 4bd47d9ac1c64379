import { AsyncLocalStorage } from 'node:async_hooks'
import { storeUnavailable } from './refusals.ts'

/** How long the store calls of a request may still take. */
export type StoreTime = { leftMs: number; readonly budgetMs: number }

const TOO_LATE = 'the stores took longer than a request may wait for them'

const ofThisRequest = new AsyncLocalStorage<StoreTime>()

/** Runs a part of a request: its store calls, and those that it starts, use this time. */
export function withStoreTime(time: StoreTime, work: () => void): void {
  ofThisRequest.run(time, work)
}

/**
 * For work with long waits between its store calls: refuses a request before the wait if it will
 * not have enough time for the later calls.
 * @param share of the request's store time that is still needed, from 0 to 1
 * @throws Refusal UNAVAILABLE
 */
export function demandStoreTime(share: number): void {
  const time = ofThisRequest.getStore()
  if (time !== undefined && time.leftMs < share * time.budgetMs) {
    throw storeUnavailable(
      new Error('the stores took too long to complete the rest of the request')
    )
  }
}

/**
 * Counts the wait for other requests, which wait for the stores, as store time of this request.
 * @returns whether some of its time is left
 */
export function countAsStoreTime(waitedMs: number): boolean {
  const time = ofThisRequest.getStore()
  if (time === undefined) return true
  time.leftMs -= waitedMs
  return time.leftMs > 0
}

/**
 * Calls a store within the remaining time of the request; without a request, without a limit.
 * @param onLate gets the result of a call that finished after its time
 * @throws Error if the time is over; the call may still take effect
 */
export async function inStoreTime<Result>(
  call: () => Promise<Result>,
  onLate: (result: Result) => void = () => {}
): Promise<Result> {
  const time = ofThisRequest.getStore()
  if (time === undefined) return await call()
  if (time.leftMs <= 0) throw new Error(TOO_LATE)
  const startedMs = performance.now()
  try {
    return await inTime(call(), time.leftMs, onLate)
  } finally {
    time.leftMs -= performance.now() - startedMs
  }
}

/** A plain timer: every refresh comes here several times. */
function inTime<Result>(
  running: Promise<Result>,
  milliseconds: number,
  onLate: (result: Result) => void
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      reject(new Error(TOO_LATE))
    }, milliseconds)
    running.then(
      (result) => {
        clearTimeout(timer)
        if (isLate) onLate(result)
        else resolve(result)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      }
    )
  })
}
