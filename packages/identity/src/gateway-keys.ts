import { setTimeout as sleep } from 'node:timers/promises'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey
} from 'jose'

/** Where the gateways' keys are: `/.well-known/gateway-jwks.json` on the ops listener of one or several, or the set itself. */
export type GatewayKeys = string | readonly string[] | JSONWebKeySet

/** between two fetches of one set: a flood of made-up assertions costs the gateway no more */
const COOLDOWN_MS = 200

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
    // One that could not be asked may have had it.
    throw misses.find(isOutage) ?? misses[0]
  }
}

/** A key that is unknown right after a fetch may be that of a gateway which has started since: it is asked for once more. */
function remoteSet(url: string): JWTVerifyGetKey {
  const options = { timeoutDuration: 2000, cooldownDuration: COOLDOWN_MS }
  let made: ReturnType<typeof createRemoteJWKSet> | undefined
  return async (header, token) => {
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
}

/** jose throws its own errors for a bad token; a key set that did not come, or is none, is a plain error or one of these. */
export function isOutage(error: unknown): boolean {
  return (
    !(error instanceof errors.JOSEError) ||
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.constructor === errors.JOSEError
  )
}
