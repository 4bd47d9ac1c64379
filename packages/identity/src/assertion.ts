import { type Identity, identityOfClaims } from '@gatehouse/edge-headers/identity'
import type { GatewayKeys } from '@gatehouse/gateway-keys/gateway-keys'
import { assertionReader } from '@gatehouse/gateway-keys/read-assertion'

/** The caller, and the claims of the access token that the route names (`tokenClaims`). */
export type Caller = Identity & {
  /** by the names in the route; claims that the token does not have are absent */
  readonly claims: Readonly<Record<string, unknown>>
}

type AssertionVerifier = (assertion: string, nowMs: number) => Promise<Caller>

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
