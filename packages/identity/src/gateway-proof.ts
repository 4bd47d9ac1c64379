import {
  ASSERTION_ALGORITHM,
  ASSERTION_ISSUER,
  ASSERTION_SKEW_SECONDS
} from '@gatehouse/edge-headers/assertion'
import {
  GATEWAY_PROOF_TYPE,
  type GatewayProofClaims,
  isForService
} from '@gatehouse/edge-headers/gateway-proof'
import { finderOf, type GatewayKeys } from '@gatehouse/gateway-keys/gateway-keys'
import { isOutage } from '@gatehouse/gateway-keys/remote-key-set'
import { errors, jwtVerify } from 'jose'

/**
 * Whether `x-auth-gateway` proves that a request comes from a gateway. While the gateways' keys are
 * unavailable, nothing is proved: the request is served, but its `x-forwarded-*` headers do not
 * count.
 */
export type ProvesGateway = (proof: string) => Promise<boolean>

/**
 * Why a proof is not accepted: the keys cannot be fetched, no gateway that publishes keys there has
 * signed it, it is for another service, it has expired, or it is not a proof.
 */
export type ProofFlaw = 'keys-unavailable' | 'unknown-key' | 'other-service' | 'expired' | 'invalid'

export type GatewayProofOptions = {
  readonly gatewayKeys: GatewayKeys
  /**
   * the name of this service in the gateways' route table: a proof for another service proves
   * nothing
   */
  readonly service: string
  readonly clock: () => number
  /** is called for each proof that is not accepted */
  readonly onFlaw?: (flaw: ProofFlaw) => void
}

/** each gateway makes a new one every half minute */
const MOST_REMEMBERED = 256

export function gatewayProofs({
  gatewayKeys,
  service,
  clock,
  onFlaw = () => {}
}: GatewayProofOptions): ProvesGateway {
  const keyOf = finderOf(gatewayKeys)
  /** valid proofs, and until when (ms) */
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
        typ: GATEWAY_PROOF_TYPE,
        clockTolerance: ASSERTION_SKEW_SECONDS,
        requiredClaims: ['aud', 'exp', 'iat'],
        currentDate: new Date(clock())
      })
      if (!isForService(payload.aud, service)) {
        onFlaw('other-service')
        return false
      }
      remember(proof, payload.exp * 1000)
      return true
    } catch (error) {
      onFlaw(flawOf(error))
      return false
    }
  }
}

function flawOf(error: unknown): ProofFlaw {
  if (isOutage(error)) return 'keys-unavailable'
  if (error instanceof errors.JWKSNoMatchingKey) return 'unknown-key'
  return error instanceof errors.JWTExpired ? 'expired' : 'invalid'
}
