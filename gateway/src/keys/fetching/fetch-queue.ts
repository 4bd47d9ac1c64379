import { setTimeout as sleep } from 'node:timers/promises'
import { IssuerNotAsked } from '../issuer-not-asked.ts'

/**
 * The maximum number of requests that wait for the next fetch of one issuer's keys, in total and of
 * one client. Each waits for at most the cooldown, and its body is not read meanwhile.
 */
const MOST_WAITING = 1000
const MOST_WAITING_OF_CLIENT = 100

/** The requests that wait until the next fetch of a key set may begin. */
export type FetchQueue = {
  /**
   * Waits until the fetch is due.
   * @param client null: the address is a proxy of many clients
   * @throws IssuerNotAsked if too many requests wait already
   */
  untilDue(dueInMs: number, client: string | null): Promise<void>
}

export function fetchQueue(): FetchQueue {
  const waiting = new Map<string | null, number>()
  let total = 0
  let pause: Promise<unknown> | null = null
  return {
    async untilDue(dueInMs, client) {
      // One timer ends the wait of all requests, and the first of them fetches for all.
      pause ??= sleep(dueInMs, undefined, { ref: false }).finally(() => {
        pause = null
      })
      const own = waiting.get(client) ?? 0
      const isOver = client !== null && own >= MOST_WAITING_OF_CLIENT
      if (total >= MOST_WAITING || isOver) {
        throw new IssuerNotAsked('too many requests wait for the next fetch')
      }
      total += 1
      waiting.set(client, own + 1)
      await pause
      total -= 1
      const left = (waiting.get(client) ?? 1) - 1
      if (left > 0) waiting.set(client, left)
      else waiting.delete(client)
    }
  }
}
