import { setTimeout as sleep } from 'node:timers/promises'
import {
  ASSERTION_ALGORITHM,
  ASSERTION_ISSUER,
  ASSERTION_TYPE,
  type AssertionClaims
} from '@gatehouse/edge-headers/assertion'
import { type Identity, identityOfClaims } from '@gatehouse/edge-headers/identity'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  jwtVerify
} from 'jose'

export class AssertionInvalid extends Error {
  override readonly name = 'AssertionInvalid'
}

/** The gateway's keys could not be had, so nothing can be said of the assertion. */
export class GatewayKeysUnavailable extends Error {
  override readonly name = 'GatewayKeysUnavailable'
}

export type AssertionVerifier = (assertion: string) => Promise<Identity>

/** Where the gateways' keys are: `/.well-known/gateway-jwks.json` on the ops listener of one or several, or the set itself. */
export type GatewayKeys = string | readonly string[] | JSONWebKeySet

/**
 * Verifies assertions with the gateways' published keys.
 * @param audience the names of the routes that lead to this service
 */
export function assertionVerifier(keys: GatewayKeys, audience: string[]): AssertionVerifier {
  const keyOf = keyFinder(keys)
  return async (assertion) => {
    try {
      const { payload } = await jwtVerify<AssertionClaims>(assertion, keyOf, {
        algorithms: [ASSERTION_ALGORITHM],
        issuer: ASSERTION_ISSUER,
        audience,
        typ: ASSERTION_TYPE,
        clockTolerance: 5,
        requiredClaims: ['sub', 'exp', 'iat', 'client_id', 'scope', 'roles', 'token_exp']
      })
      return identityOfClaims(payload, payload.token_exp)
    } catch (error) {
      if (isOutage(error))
        throw new GatewayKeysUnavailable('the gateway keys are out of reach', { cause: error })
      throw new AssertionInvalid('the assertion is not valid', { cause: error })
    }
  }
}

/** between two fetches of one set: a flood of made-up assertions costs the gateway no more */
const COOLDOWN_MS = 200

function keyFinder(keys: GatewayKeys): JWTVerifyGetKey {
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
function isOutage(error: unknown): boolean {
  return (
    !(error instanceof errors.JOSEError) ||
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.constructor === errors.JOSEError
  )
}
