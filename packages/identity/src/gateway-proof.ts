import { ASSERTION_ALGORITHM, ASSERTION_ISSUER } from '@gatehouse/edge-headers/assertion'
import {
  GATEWAY_PROOF_AUDIENCE,
  GATEWAY_PROOF_TYPE,
  type GatewayProofClaims
} from '@gatehouse/edge-headers/gateway-proof'
import { jwtVerify } from 'jose'
import { type GatewayKeys, keyFinder } from './gateway-keys.ts'

/**
 * Whether `x-auth-gateway` proves that a request comes from a gateway. Where the gateways' keys cannot be had nothing is
 * proved: the request is served all the same, and what it says of where it comes from does not count.
 */
export type ProvesGateway = (proof: string) => Promise<boolean>

/** each gateway has a new one every half minute */
const MOST_REMEMBERED = 256
const SKEW_SECONDS = 5

export function gatewayProofs(gatewayKeys: GatewayKeys, clock: () => number): ProvesGateway {
  const keyOf = keyFinder(gatewayKeys)
  /** proofs that are good, until when (ms) */
  const good = new Map<string, number>()

  const remember = (proof: string, untilMs: number): void => {
    const [oldest] = good.keys()
    if (good.size >= MOST_REMEMBERED && oldest !== undefined) good.delete(oldest)
    good.set(proof, untilMs)
  }

  return async (proof) => {
    if (clock() < (good.get(proof) ?? 0)) return true
    try {
      const { payload } = await jwtVerify<GatewayProofClaims>(proof, keyOf, {
        algorithms: [ASSERTION_ALGORITHM],
        issuer: ASSERTION_ISSUER,
        audience: GATEWAY_PROOF_AUDIENCE,
        typ: GATEWAY_PROOF_TYPE,
        clockTolerance: SKEW_SECONDS,
        requiredClaims: ['exp', 'iat'],
        currentDate: new Date(clock())
      })
      remember(proof, payload.exp * 1000)
      return true
    } catch {
      return false
    }
  }
}
