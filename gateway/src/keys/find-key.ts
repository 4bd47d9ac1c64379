import { setTimeout as sleep } from 'node:timers/promises'
import type { SignatureAlgorithm } from './algorithms.ts'
import { type FetchQueue, fetchQueue } from './fetching/fetch-queue.ts'
import type { KeySetFetches } from './fetching/key-set-fetches.ts'
import { IssuerNotAsked } from './issuer-not-asked.ts'
import type { VerificationKey } from './key-sets/key-set.ts'

type FinderOptions = {
  readonly choose: (kid: string | null, algorithm: SignatureAlgorithm) => VerificationKey | null
  readonly fetches: Pick<
    KeySetFetches,
    'begun' | 'underWay' | 'hasAnswer' | 'refresh' | 'claimFetch'
  >
  /** another set was announced and is being fetched; null: the issuer has announced none */
  readonly announced: () => Promise<unknown> | null
  /** the issuer announces each new key before it signs with it */
  readonly announcesKeys: boolean
  readonly patienceMs: number
}

/** The client of a request; null: the address is a proxy of many clients. */
export type ClientOf = () => string | null

/**
 * @returns null if the issuer has no such key
 * @throws IssuerNotAsked
 */
type FindKey = (
  kid: string | null,
  algorithm: SignatureAlgorithm,
  clientOf: ClientOf
) => Promise<VerificationKey | null>

/**
 * Finds the key of a token. The issuer may have published an unknown key a moment ago, and
 * strangers can use up the fetches with invented kids. So only a fetch that began after the request
 * arrived can show that there is no such key. The request waits for that fetch. If too many
 * requests wait already, it is not known whether the issuer has the key.
 */
export function keyFinder(options: FinderOptions): FindKey {
  const { choose, fetches, announced, announcesKeys, patienceMs } = options
  const queue = fetchQueue()
  return async (kid, algorithm, clientOf) => {
    const known = choose(kid, algorithm)
    if (known !== null) return known
    const { begun } = fetches
    const coming = announced() ?? fetches.underWay
    if (coming !== null) await inTime(coming, patienceMs)
    const came = coming === null ? null : choose(kid, algorithm)
    if (came !== null) return came
    // Our own issuer announces a new key before it uses it, so a fetch in progress would have it.
    const mayAsk = coming === null || !announcesKeys
    const client = announcesKeys || kid === null ? null : { queue, clientOf }
    if (mayAsk) await ask(begun, client, options)
    if (!fetches.hasAnswer) throw new IssuerNotAsked('the issuer could not be asked')
    return choose(kid, algorithm)
  }
}

/** A request that may wait until the next fetch is due. */
type WaitingClient = { readonly queue: FetchQueue; readonly clientOf: ClientOf }

/**
 * Waits for a fetch after the first `begun` ones. Does nothing if such a fetch is not due yet, and
 * the request may not wait.
 * @param client null: it may not
 */
async function ask(
  begun: number,
  client: WaitingClient | null,
  { fetches, patienceMs }: FinderOptions
): Promise<void> {
  const dueInMs = fetches.begun > begun ? 0 : fetches.claimFetch()
  if (dueInMs > 0) {
    if (!fetches.hasAnswer) throw new IssuerNotAsked('the issuer was asked a moment ago')
    if (client === null) return
    await client.queue.untilDue(dueInMs, client.clientOf())
  }
  if (fetches.begun > begun) await inTime(fetches.underWay ?? Promise.resolve(), patienceMs)
  else {
    // One that began before the request still waits for the issuer.
    if (fetches.underWay !== null) await inTime(fetches.underWay, patienceMs)
    await inTime(fetches.refresh(), patienceMs)
  }
}

/** Waits no longer than a request can. */
async function inTime(fetch: Promise<unknown>, patienceMs: number): Promise<void> {
  const timeout = new AbortController()
  const late = sleep(patienceMs, 'late', { signal: timeout.signal, ref: false })
  const first = await Promise.race([fetch, late.catch(() => {})])
  timeout.abort()
  if (first === 'late') throw new IssuerNotAsked('the issuer is slow')
}
