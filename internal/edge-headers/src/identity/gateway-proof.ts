import { ASSERTION_ISSUER } from './assertion.ts'

/**
 * What a gateway signs about itself: `x-auth-gateway`. A service that takes credentials also gets
 * requests without an identity, and so without an assertion. With this proof, it trusts
 * `x-forwarded-*`. The proof is signed with the same key as assertions. Its `typ` differs, so that
 * neither is accepted as the other (RFC 8725 §3.11).
 */
export const GATEWAY_PROOF_TYPE = 'gatehouse-gateway+jwt'

/**
 * The audience of every proof that earlier versions make, whatever service it goes to. A proof
 * still has it beside the service's name, because an auth service of an earlier version asks for
 * it.
 */
const ANY_CREDENTIALS_AUDIENCE = 'gatehouse-credentials'

export type GatewayProofClaims = {
  readonly iss: typeof ASSERTION_ISSUER
  /**
   * with the name of the service that it is for: no other service can pose as a gateway towards
   * that one
   */
  readonly aud: string[]
  readonly iat: number
  readonly exp: number
}

/** @param service the name of the upstream that the proof goes to */
export const gatewayProofClaims = (
  service: string,
  issuedAt: number,
  expiresAt: number
): GatewayProofClaims => ({
  iss: ASSERTION_ISSUER,
  aud: [ANY_CREDENTIALS_AUDIENCE, service],
  iat: issuedAt,
  exp: expiresAt
})

/**
 * Whether a proof is for this service. One of an earlier gateway, which names no service, counts as
 * well: during an upgrade both kinds of gateways run.
 */
export const isForService = (audience: unknown, service: string): boolean =>
  audience === ANY_CREDENTIALS_AUDIENCE || [audience].flat().includes(service)
