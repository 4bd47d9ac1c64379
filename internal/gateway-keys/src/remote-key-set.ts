import type { ClientTlsFiles } from '@gatehouse/tls/client-tls'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWKSCacheInput,
  type JWTVerifyGetKey,
  jwksCache
} from 'jose'
import { boundedFetch } from './bounded-fetch.ts'

/** between two fetches of one set, so that a flood of forged assertions costs the gateway little */
const COOLDOWN_MS = 200

/** From this age on, a set is fetched again in the background. */
const REFRESH_MS = 300_000
/** An older set is used only while the gateway cannot be reached. */
const FRESH_MS = 600_000
/** How long fetched keys are used while the gateway that publishes them is unreachable. */
const KEPT_MS = 24 * 3600 * 1000
/** between two attempts to reach an unreachable gateway */
const PAUSE_MS = 1000

/**
 * The gateway that was asked cannot read the announcements of the others at the moment, so the key
 * may belong to one of them.
 */
export class GatewayKeyUndecided extends Error {
  override readonly name = 'GatewayKeyUndecided'
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Loaded at the first use, because only Node.js and its like have files. */
const securedFetch =
  (tls: ClientTlsFiles): FetchImplementation =>
  async (url, options) => {
    const { httpsFetch } = await import('./https-fetch.ts')
    return httpsFetch(tls)(url, options)
  }

/** `untilMs` is a time of the monotonic clock. */
type Outage = { readonly cause: unknown; readonly untilMs: number }

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>

/** The set that one gateway publishes, as far as it is known. */
type RemoteSet = {
  readonly url: string
  readonly tls: ClientTlsFiles | null
  /** what was fetched last, and when */
  readonly fetched: JWKSCacheInput
  /** undefined: it was never asked for */
  keys: RemoteKeys | undefined
  /** the keys of `fetched`, ready for use */
  kept?: { readonly jwks: JSONWebKeySet; readonly find: ReturnType<typeof createLocalJWKSet> }
  /** the last fetch failed; null: it did not, or there was none */
  outage: Outage | null
}

/** Finds keys in the set that one gateway publishes. */
export function remoteKeySet(url: string, tls: ClientTlsFiles | null): JWTVerifyGetKey {
  const set: RemoteSet = { url, tls, fetched: {}, keys: undefined, outage: null }
  return async (header, token) => {
    forgetFutureTime(set)
    const isPaused = set.outage !== null && performance.now() < set.outage.untilMs
    if (isPaused || mayUseKept(set)) {
      if (!isPaused && ageMs(set) > REFRESH_MS) void refresh(set)
      const key = await findInKept(set, header, token)
      if (key !== null) return key
      if (isPaused) throw set.outage?.cause
    }
    try {
      const key = await findInFetched(set, header, token)
      set.outage = null
      return key
    } catch (error) {
      if (isOutage(error)) {
        noteOutage(set, error)
        const key = await findInKept(set, header, token)
        if (key !== null) return key
        throw error
      }
      set.outage = null
      if (error instanceof errors.JWKSNoMatchingKey && isIncomplete(set.fetched.jwks)) {
        throw new GatewayKeyUndecided('the gateway may not know all keys', { cause: error })
      }
      throw error
    }
  }
}

const ageMs = ({ fetched }: RemoteSet): number =>
  Date.now() - (fetched.uat ?? Number.NEGATIVE_INFINITY)

/**
 * Whether a key of the set that was fetched last may be used before the gateway has answered: while
 * the set is fresh, and while the gateway does not answer. Otherwise each request would wait for
 * it, although the key is known.
 */
const mayUseKept = (set: RemoteSet): boolean => set.outage !== null || ageMs(set) < FRESH_MS

function noteOutage(set: RemoteSet, cause: unknown): void {
  set.outage = { cause, untilMs: performance.now() + PAUSE_MS }
}

/** Fetches the set, while requests use the kept one. */
async function refresh(set: RemoteSet): Promise<void> {
  const keys = keysOf(set)
  if (keys.reloading) return
  try {
    await keys.reload()
    set.outage = null
  } catch (error) {
    noteOutage(set, error)
  }
}

/**
 * jose reads the wall clock. If that is set back, a set fetched before would stay fresh, and would
 * not be fetched for an unknown key, for as long as the step. So such a set counts as fetched now.
 */
function forgetFutureTime(set: RemoteSet): void {
  const { fetched } = set
  if (fetched.uat === undefined || fetched.uat <= Date.now()) return
  fetched.uat = Date.now()
  // jose reads the time of the fetch only when it makes a set.
  set.keys = undefined
}

type Wanted = Parameters<JWTVerifyGetKey>

/**
 * A key that is unknown right after a fetch may belong to a gateway that has started since, so the
 * set is fetched once more.
 */
async function findInFetched(set: RemoteSet, ...wanted: Wanted) {
  const keys = keysOf(set)
  try {
    return await keys(...wanted)
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
    await sleep(COOLDOWN_MS)
    return await keys(...wanted)
  }
}

/** Created at the first use, because it loads what Node.js needs for `fetch`. */
function keysOf(set: RemoteSet): RemoteKeys {
  set.keys ??= createRemoteJWKSet(new URL(set.url), {
    timeoutDuration: 2000,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: FRESH_MS,
    [jwksCache]: set.fetched,
    [customFetch]: set.tls === null ? boundedFetch : securedFetch(set.tls)
  })
  return set.keys
}

/** The key in the set that was fetched last; null if it is not there, or the set is too old. */
async function findInKept(set: RemoteSet, ...wanted: Wanted) {
  const { jwks } = set.fetched
  if (jwks === undefined || ageMs(set) > KEPT_MS) return null
  if (set.kept?.jwks !== jwks) set.kept = { jwks, find: createLocalJWKSet(jwks) }
  try {
    return await set.kept.find(...wanted)
  } catch {
    return null
  }
}

/**
 * A gateway that cannot read the announcements of the others says so in its key set. Earlier
 * versions do not.
 */
const isIncomplete = (set: JSONWebKeySet | undefined): boolean =>
  set !== undefined && 'complete' in set && set.complete === false

/**
 * jose throws its own errors for a bad token. An unavailable or invalid key set is a plain error or
 * one of these.
 */
export function isOutage(error: unknown): boolean {
  return (
    !(error instanceof errors.JOSEError) ||
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.constructor === errors.JOSEError
  )
}
