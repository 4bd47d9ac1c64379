import { ASSERTION_ISSUER } from './assertion.ts'

/**
 * What a gateway signs about itself: `x-auth-gateway`. A service that takes credentials has requests without an identity, so
 * without an assertion, and believes `x-forwarded-*` by this. It is signed with the key of the assertions, and another `typ`
 * and audience keep either from being taken for the other (RFC 8725 §3.11).
 */
export const GATEWAY_PROOF_TYPE = 'gatehouse-gateway+jwt'
/** Only services that take credentials get it: another one could claim to be a gateway with it. */
export const GATEWAY_PROOF_AUDIENCE = 'gatehouse-credentials'

export type GatewayProofClaims = {
  readonly iss: typeof ASSERTION_ISSUER
  readonly aud: typeof GATEWAY_PROOF_AUDIENCE
  readonly iat: number
  readonly exp: number
}

export const gatewayProofClaims = (issuedAt: number, expiresAt: number): GatewayProofClaims => ({
  iss: ASSERTION_ISSUER,
  aud: GATEWAY_PROOF_AUDIENCE,
  iat: issuedAt,
  exp: expiresAt
})
