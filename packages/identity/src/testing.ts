import {
  ASSERTION_ALGORITHM,
  ASSERTION_ISSUER,
  ASSERTION_TYPE
} from '@gatehouse/edge-headers/assertion'
import { identityHeader } from '@gatehouse/edge-headers/names'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Caller } from './assertion.ts'
import type { VerifyOptions } from './verify-assertion.ts'

/**
 * Callers for the tests of a service, with the headers that a gateway would send; without a gateway
 * and without a network.
 */
export type TestIdentities = {
  /** options for the plugin, the middleware or `verifyAssertion` */
  readonly options: Pick<VerifyOptions, 'gatewayKeys' | 'audience'>
  /**
   * The headers of a request of this caller. Members that are not given are those of a new user.
   */
  headersFor(caller?: Partial<Caller>): Promise<Record<string, string>>
}

const LIFETIME_SECONDS = 60

/** @param audience the name of the service in the gateways' route table */
export async function testIdentities(audience: string): Promise<TestIdentities> {
  const { publicKey, privateKey } = await generateKeyPair(ASSERTION_ALGORITHM)
  const kid = 'test'
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: ASSERTION_ALGORITHM, use: 'sig' }
  return {
    options: { gatewayKeys: { keys: [jwk] }, audience },
    async headersFor(caller = {}) {
      const now = Math.floor(Date.now() / 1000)
      const { session = 'session-1', email = null, expiresAt = now + 300 } = caller
      const assertion = await new SignJWT({
        ...(session === null ? {} : { sid: session }),
        ...(email === null ? {} : { email }),
        client_id: caller.client ?? 'gatehouse',
        scope: (caller.scope ?? []).join(' '),
        roles: caller.roles ?? ['user'],
        ...(caller.claims === undefined ? {} : { claims: caller.claims }),
        token_exp: expiresAt
      })
        .setProtectedHeader({ alg: ASSERTION_ALGORITHM, typ: ASSERTION_TYPE, kid })
        .setIssuer(ASSERTION_ISSUER)
        .setAudience(audience)
        .setSubject(caller.subject ?? 'user-1')
        .setIssuedAt(now)
        .setExpirationTime(now + LIFETIME_SECONDS)
        .sign(privateKey)
      return { [identityHeader.assertion]: assertion }
    }
  }
}
