import type { Refusal } from '@gatehouse/problem/refusal'
import { sharedCapacity } from '../../limits/shared-capacity.ts'
import { bodiesBusy, bodiesOfCallerBusy } from '../../refusals.ts'

/** For all bodies that are arriving and are held until they are complete. */
const MOST_BYTES = 64 * 1024 * 1024
/** What a request costs while its body arrives, without the body: measured 12 KiB over HTTP/2. */
const REQUEST_BYTES = 16 * 1024

/** The memory for bodies that are held until they are complete. */
export type BodyMemory = {
  /**
   * Reserves memory for one body, or refuses if all of it or the caller's share is taken.
   * @param caller whose share it counts against; null: no caller's
   * @returns a function that releases it
   */
  reserve(caller: string | null, bodyBytes: number): (() => void) | Refusal
}

/**
 * Requests hold no place at a service before their body has arrived, so nothing else limits how
 * many a client begins and does not complete.
 * @param sharePercent the part that one caller may use of what all others leave, from 1 to 100
 */
export function bodyMemory(sharePercent: number, mostBytes = MOST_BYTES): BodyMemory {
  const memory = sharedCapacity(sharePercent, mostBytes)
  return {
    reserve(caller, bodyBytes) {
      const bytes = REQUEST_BYTES + bodyBytes
      const lacking = memory.take(caller, bytes)
      if (lacking === 'all') return bodiesBusy()
      if (lacking === 'share') return bodiesOfCallerBusy()
      return () => memory.give(caller, bytes)
    }
  }
}
