import { setTimeout as sleep } from 'node:timers/promises'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWKSCacheInput,
  type JWTVerifyGetKey,
  jwksCache
} from 'jose'

/** Where the gateways' keys are: `/.well-known/gateway-jwks.json` on the ops listener of one or several, or the set itself. */
export type GatewayKeys = string | readonly string[] | JSONWebKeySet

/** between two fetches of one set: a flood of made-up assertions costs the gateway no more */
const COOLDOWN_MS = 200

/** For so long keys count that were fetched once, while the gateway that publishes them is away. */
const KEPT_MS = 24 * 3600 * 1000
/** between two attempts to reach a gateway that is away */
const PAUSE_MS = 1000

/** The gateway that was asked does not hear the others just now: the key may be that of one of them. */
export class GatewayKeyUndecided extends Error {
  override readonly name = 'GatewayKeyUndecided'
}

export function keyFinder(keys: GatewayKeys): JWTVerifyGetKey {
  if (typeof keys === 'object' && 'keys' in keys && !Array.isArray(keys)) {
    return createLocalJWKSet(keys as JSONWebKeySet)
  }
  const sets = [keys as string | string[]].flat().map(remoteSet)
  return async (header, token) => {
    const misses: unknown[] = []
    for (const set of sets) {
      try {
        return await set(header, token)
      } catch (error) {
        misses.push(error)
      }
    }
    // One that could not be asked may have had it, or may know of it.
    const undecided = misses.find((miss) => isOutage(miss) || miss instanceof GatewayKeyUndecided)
    throw undecided ?? misses[0]
  }
}

type Outage = { readonly cause: unknown; readonly untilMs: number }

/** A key that is unknown right after a fetch may be that of a gateway which has started since: it is asked for once more. */
function remoteSet(url: string): JWTVerifyGetKey {
  const fetched: JWKSCacheInput = {}
  const options = {
    timeoutDuration: 2000,
    cooldownDuration: COOLDOWN_MS,
    [jwksCache]: fetched
  }
  let made: ReturnType<typeof createRemoteJWKSet> | undefined
  let outage: Outage = { cause: undefined, untilMs: Number.NEGATIVE_INFINITY }
  /** Finds the key in what was fetched last. @throws the outage, where it is not there either */
  const findInKept: JWTVerifyGetKey = async (header, token) => {
    const set = made?.jwks()
    const ageMs = Date.now() - (fetched.uat ?? Number.NEGATIVE_INFINITY)
    if (set === undefined || ageMs > KEPT_MS) throw outage.cause
    try {
      return await createLocalJWKSet(set)(header, token)
    } catch {
      throw outage.cause
    }
  }
  const ask: JWTVerifyGetKey = async (header, token) => {
    // Made at the first use, because it loads what Node.js needs for `fetch`.
    made ??= createRemoteJWKSet(new URL(url), options)
    const set = made
    try {
      return await set(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      await sleep(COOLDOWN_MS)
      return await set(header, token)
    }
  }
  return async (header, token) => {
    if (Date.now() < outage.untilMs) return findInKept(header, token)
    try {
      return await ask(header, token)
    } catch (error) {
      if (isOutage(error)) {
        outage = { cause: error, untilMs: Date.now() + PAUSE_MS }
        return findInKept(header, token)
      }
      if (error instanceof errors.JWKSNoMatchingKey && isIncomplete(made?.jwks())) {
        throw new GatewayKeyUndecided('the gateway may not know all keys', { cause: error })
      }
      throw error
    }
  }
}

/** A gateway that does not hear the others says so beside its keys. Earlier versions say nothing. */
const isIncomplete = (set: JSONWebKeySet | undefined): boolean =>
  set !== undefined && 'complete' in set && set.complete === false

/** jose throws its own errors for a bad token; a key set that did not come, or is none, is a plain error or one of these. */
export function isOutage(error: unknown): boolean {
  return (
    !(error instanceof errors.JOSEError) ||
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.constructor === errors.JOSEError
  )
}
