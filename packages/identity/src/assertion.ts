import {
  ASSERTION_ALGORITHM,
  ASSERTION_ISSUER,
  ASSERTION_TYPE,
  type AssertionClaims
} from '@gatehouse/edge-headers/assertion'
import { type Identity, identityOfClaims } from '@gatehouse/edge-headers/identity'
import { jwtVerify } from 'jose'
import { finderOf, type GatewayKeys, GatewayKeyUndecided, isOutage } from './gateway-keys.ts'

export class AssertionInvalid extends Error {
  override readonly name = 'AssertionInvalid'
}

/** The gateway's keys were unavailable, so the assertion could not be checked. */
export class GatewayKeysUnavailable extends Error {
  override readonly name = 'GatewayKeysUnavailable'
}

/** The caller, and the claims of the access token that the route names (`tokenClaims`). */
export type Caller = Identity & {
  /** by the names in the route; claims that the token does not have are absent */
  readonly claims: Readonly<Record<string, unknown>>
}

type AssertionVerifier = (assertion: string, nowMs: number) => Promise<Caller>

/**
 * Reads all claims of assertions, after verifying them with the gateways' published keys.
 * @throws AssertionInvalid, GatewayKeysUnavailable
 */
export type AssertionReader = (
  assertion: string,
  audiences: readonly string[],
  nowMs: number
) => Promise<AssertionClaims>

export function assertionReader(keys: GatewayKeys): AssertionReader {
  const keyOf = finderOf(keys)
  return async (assertion, audiences, nowMs) => {
    try {
      const { payload } = await jwtVerify<AssertionClaims>(assertion, keyOf, {
        algorithms: [ASSERTION_ALGORITHM],
        issuer: ASSERTION_ISSUER,
        audience: [...audiences],
        typ: ASSERTION_TYPE,
        clockTolerance: 5,
        currentDate: new Date(nowMs),
        requiredClaims: ['sub', 'exp', 'iat', 'client_id', 'scope', 'roles', 'token_exp']
      })
      return payload
    } catch (error) {
      if (isOutage(error) || error instanceof GatewayKeyUndecided)
        throw new GatewayKeysUnavailable('the keys of the gateways cannot be fetched', {
          cause: error
        })
      throw new AssertionInvalid('the assertion is not valid', { cause: error })
    }
  }
}

/**
 * Verifies assertions with the gateways' published keys.
 * @param audience the names of this service; not empty
 */
export function verifierOf(keys: GatewayKeys, audience: string[]): AssertionVerifier {
  const read = assertionReader(keys)
  return async (assertion, nowMs) => {
    const payload = await read(assertion, audience, nowMs)
    return { ...identityOfClaims(payload, payload.token_exp), claims: payload.claims ?? {} }
  }
}
