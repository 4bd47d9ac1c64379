import {
  ASSERTION_ALGORITHM,
  ASSERTION_ISSUER,
  ASSERTION_SKEW_SECONDS,
  ASSERTION_TYPE,
  type AssertionClaims
} from '@gatehouse/edge-headers/assertion'
import { jwtVerify } from 'jose'
import { finderOf, type GatewayKeys } from './gateway-keys.ts'
import { GatewayKeyUndecided, isOutage } from './remote-key-set.ts'

export class AssertionInvalid extends Error {
  override readonly name = 'AssertionInvalid'
}

/** The gateway's keys were unavailable, so the assertion could not be checked. */
export class GatewayKeysUnavailable extends Error {
  override readonly name = 'GatewayKeysUnavailable'
}

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
        clockTolerance: ASSERTION_SKEW_SECONDS,
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
