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

/**
 * The source of the gateways' keys: `/.well-known/gateway-jwks.json` on the ops listener of one or
 * several gateways, or the set itself.
 */
export type GatewayKeys = string | readonly string[] | SecuredGatewayKeys | JSONWebKeySet

/**
 * The same behind TLS with certificates of an authority of our own. The files are read for each
 * fetch, so that a renewed certificate is used.
 */
export type SecuredGatewayKeys = {
  readonly url: string | readonly string[]
  readonly tls: ClientTlsFiles
}

/** between two fetches of one set, so that a flood of forged assertions costs the gateway little */
const COOLDOWN_MS = 200

/** How long fetched keys are used while the gateway that publishes them is unreachable. */
const KEPT_MS = 24 * 3600 * 1000
/** between two attempts to reach an unreachable gateway */
const PAUSE_MS = 1000

/**
 * The gateway that was asked cannot hear the others at the moment, so the key may belong to one of
 * them.
 */
export class GatewayKeyUndecided extends Error {
  override readonly name = 'GatewayKeyUndecided'
}

/** as many as a process asks for, unless it makes up new ones */
const MOST_FINDERS = 64
const finders = new Map<string, JWTVerifyGetKey>()

/** The finder for these keys, and the same one for equal keys: it remembers what it fetched. */
export function finderOf(keys: GatewayKeys): JWTVerifyGetKey {
  const id = JSON.stringify(keys)
  const known = finders.get(id)
  if (known !== undefined) return known
  const [oldest] = finders.keys()
  if (finders.size >= MOST_FINDERS && oldest !== undefined) finders.delete(oldest)
  const made = keyFinder(keys)
  finders.set(id, made)
  return made
}

function keyFinder(keys: GatewayKeys): JWTVerifyGetKey {
  if (isKeySet(keys)) return createLocalJWKSet(keys)
  const sets = remoteSets(keys)
  return async (header, token) => {
    const misses: unknown[] = []
    for (const set of sets) {
      try {
        return await set(header, token)
      } catch (error) {
        misses.push(error)
      }
    }
    // A gateway that could not be asked may have had the key, or may know of it.
    const undecided = misses.find((miss) => isOutage(miss) || miss instanceof GatewayKeyUndecided)
    throw undecided ?? misses[0]
  }
}

/** An array has a method of the name `keys`. */
export const isKeySet = (keys: GatewayKeys): keys is JSONWebKeySet =>
  typeof keys === 'object' && keys !== null && 'keys' in keys && Array.isArray(keys.keys)

export const isSecured = (keys: GatewayKeys): keys is SecuredGatewayKeys =>
  typeof keys === 'object' && keys !== null && 'url' in keys

function remoteSets(keys: Exclude<GatewayKeys, JSONWebKeySet>): JWTVerifyGetKey[] {
  const { url, tls = null } = isSecured(keys) ? keys : { url: keys }
  return [url].flat().map((one) => remoteSet(one, tls))
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Loaded at the first use, because only Node.js and its like have files. */
const securedFetch =
  (tls: ClientTlsFiles): FetchImplementation =>
  async (url, options) => {
    const { httpsFetch } = await import('./https-fetch.ts')
    return httpsFetch(tls)(url, options)
  }

type Outage = { readonly cause: unknown; readonly untilMs: number }

/** The set that one gateway publishes, as far as it is known. */
type RemoteSet = {
  readonly url: string
  readonly tls: ClientTlsFiles | null
  /** what was fetched last, and when */
  readonly fetched: JWKSCacheInput
  /** undefined: it was never asked for */
  keys: ReturnType<typeof createRemoteJWKSet> | undefined
  outage: Outage
}

function remoteSet(url: string, tls: ClientTlsFiles | null): JWTVerifyGetKey {
  const outage = { cause: undefined, untilMs: Number.NEGATIVE_INFINITY }
  const set: RemoteSet = { url, tls, fetched: {}, keys: undefined, outage }
  return async (header, token) => {
    if (Date.now() < set.outage.untilMs) return findInKept(set, header, token)
    try {
      return await findInFetched(set, header, token)
    } catch (error) {
      if (isOutage(error)) {
        set.outage = { cause: error, untilMs: Date.now() + PAUSE_MS }
        return findInKept(set, header, token)
      }
      if (error instanceof errors.JWKSNoMatchingKey && isIncomplete(set.keys?.jwks())) {
        throw new GatewayKeyUndecided('the gateway may not know all keys', { cause: error })
      }
      throw error
    }
  }
}

type Wanted = Parameters<JWTVerifyGetKey>

/**
 * A key that is unknown right after a fetch may belong to a gateway that has started since, so the
 * set is fetched once more.
 */
async function findInFetched(set: RemoteSet, ...wanted: Wanted) {
  // Created at the first use, because it loads what Node.js needs for `fetch`.
  set.keys ??= createRemoteJWKSet(new URL(set.url), {
    timeoutDuration: 2000,
    cooldownDuration: COOLDOWN_MS,
    [jwksCache]: set.fetched,
    ...(set.tls === null ? {} : { [customFetch]: securedFetch(set.tls) })
  })
  try {
    return await set.keys(...wanted)
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
    await sleep(COOLDOWN_MS)
    return await set.keys(...wanted)
  }
}

/**
 * Finds the key in the set that was fetched last.
 * @throws the outage, if the key is not there either
 */
async function findInKept({ keys, fetched, outage }: RemoteSet, ...wanted: Wanted) {
  const kept = keys?.jwks()
  const ageMs = Date.now() - (fetched.uat ?? Number.NEGATIVE_INFINITY)
  if (kept === undefined || ageMs > KEPT_MS) throw outage.cause
  try {
    return await createLocalJWKSet(kept)(...wanted)
  } catch {
    throw outage.cause
  }
}

/** A gateway that cannot hear the others says so in its key set. Earlier versions do not. */
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
