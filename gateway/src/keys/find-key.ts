import { setTimeout as sleep } from 'node:timers/promises'
import type { SignatureAlgorithm } from './algorithms.ts'
import type { VerificationKey } from './key-set.ts'
import type { KeySetFetches } from './key-set-fetches.ts'

/**
 * The issuer could not be asked whether it has the key, so it is not known whether a token is good.
 */
export class KeyNotAsked extends Error {
  override readonly name = 'KeyNotAsked'
}

type Options = {
  choose: (kid: string | null, algorithm: SignatureAlgorithm) => VerificationKey | null
  fetches: Pick<KeySetFetches, 'begun' | 'underWay' | 'hasAnswer' | 'refresh' | 'dueInMs'>
  /** another set was announced and is being fetched; null: the issuer has announced none */
  announced: () => Promise<unknown> | null
  /** the issuer announces each new key before it signs with it */
  announcesKeys: boolean
  patienceMs: number
}

/**
 * The most requests that wait for the next fetch of one issuer's keys, in total and of one client.
 * Each waits for at most the cooldown, and its body is not read meanwhile.
 */
const MOST_WAITING = 1000
const MOST_WAITING_OF_CLIENT = 100

/** The client of a request; null: the address is a proxy of many clients. */
export type ClientOf = (token: null) => string | null

/**
 * Finds the key of a token. The issuer may have published an unknown key a moment ago, and
 * strangers can use up the fetches with invented kids. So only a fetch that began after the request
 * arrived can show that there is no such key. The request waits for that fetch. If too many
 * requests wait already, it is not known whether the issuer has the key.
 */
export function keyFinder({ choose, fetches, announced, announcesKeys, patienceMs }: Options) {
  const waiting = new Map<string | null, number>()
  let waitingInAll = 0
  let pause: Promise<unknown> | null = null

  /** Waits no longer than a request can. */
  const inTime = async (fetch: Promise<unknown>): Promise<void> => {
    const timeout = new AbortController()
    const late = sleep(patienceMs, 'late', { signal: timeout.signal, ref: false })
    const first = await Promise.race([fetch, late.catch(() => {})])
    timeout.abort()
    if (first === 'late') throw new KeyNotAsked('the issuer is slow')
  }
  /** One timer ends the wait of all requests, and the first of them fetches for all. */
  const untilDue = async (ms: number, client: string | null): Promise<void> => {
    pause ??= sleep(ms, undefined, { ref: false }).finally(() => {
      pause = null
    })
    const own = waiting.get(client) ?? 0
    const isOver = client !== null && own >= MOST_WAITING_OF_CLIENT
    if (waitingInAll >= MOST_WAITING || isOver) {
      throw new KeyNotAsked('too many requests wait for the next fetch')
    }
    waitingInAll += 1
    waiting.set(client, own + 1)
    await pause
    waitingInAll -= 1
    const left = (waiting.get(client) ?? 1) - 1
    if (left > 0) waiting.set(client, left)
    else waiting.delete(client)
  }
  /** Waits for a fetch after the first `begun` ones. Returns false if it may not wait for one. */
  const ask = async (begun: number, mayWait: boolean, clientOf: ClientOf): Promise<boolean> => {
    const dueInMs = fetches.begun > begun ? 0 : fetches.dueInMs()
    if (dueInMs > 0) {
      if (!fetches.hasAnswer) throw new KeyNotAsked('the issuer was asked a moment ago')
      if (!mayWait) return false
      await untilDue(dueInMs, clientOf(null))
    }
    if (fetches.begun > begun) await inTime(fetches.underWay ?? Promise.resolve())
    else {
      // One that began before the request still waits for the issuer.
      if (fetches.underWay !== null) await inTime(fetches.underWay)
      await inTime(fetches.refresh())
    }
    return true
  }

  /**
   * @returns null if the issuer has no such key
   * @throws KeyNotAsked
   */
  return async (
    kid: string | null,
    algorithm: SignatureAlgorithm,
    clientOf: ClientOf
  ): Promise<VerificationKey | null> => {
    const known = choose(kid, algorithm)
    if (known !== null) return known
    const { begun } = fetches
    const coming = announced() ?? fetches.underWay
    if (coming !== null) await inTime(coming)
    const came = coming === null ? null : choose(kid, algorithm)
    if (came !== null) return came
    // Our own issuer announces a new key before it uses it, so a fetch in progress would have it.
    if (coming === null || !announcesKeys) {
      await ask(begun, !announcesKeys && kid !== null, clientOf)
    }
    if (!fetches.hasAnswer) throw new KeyNotAsked('the issuer could not be asked')
    return choose(kid, algorithm)
  }
}
