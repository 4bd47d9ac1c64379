import { generateKeyPairSync } from 'node:crypto'
import {
  ASSERTION_ALGORITHM,
  ASSERTION_ISSUER,
  ASSERTION_TYPE,
  type AssertionClaims
} from '@gatehouse/edge-headers/assertion'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { VerifiedToken } from '../tokens/access-token-verifier.ts'

/** This gateway's own key: born at its start, and its private half never leaves the process. */
export type AssertionKey = {
  readonly publicJwk: JWK
  readonly publicPem: string
  readonly privatePem: string
  readonly header: { readonly alg: string; readonly typ: string; readonly kid: string }
}

export async function newAssertionKey(): Promise<AssertionKey> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' }) as JWK
  const kid = await calculateJwkThumbprint(jwk)
  return {
    publicJwk: { ...jwk, kid, alg: ASSERTION_ALGORITHM, use: 'sig' },
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    header: { alg: ASSERTION_ALGORITHM, typ: ASSERTION_TYPE, kid }
  }
}

export type Assertions = {
  /** What this gateway says of a caller to the service behind a route, signed: `x-auth-assertion`. */
  about(token: VerifiedToken, routeName: string): string
}

const LIFETIME_SECONDS = 60
/** an assertion is used again while it has at least so long to live */
const LEAST_REMAINING_SECONDS = 30

type Minted = { readonly assertion: string; readonly usableUntil: number }

/** Signs assertions; for one token and route one serves for half a minute, so that a busy caller costs two a minute. */
export function assertions(
  sign: (claims: AssertionClaims) => string,
  clock: () => number
): Assertions {
  const minted = new WeakMap<VerifiedToken, Map<string, Minted>>()

  const mint = (token: VerifiedToken, routeName: string, now: number): Minted => ({
    assertion: sign(claimsOf(token, routeName, now)),
    usableUntil: now + LIFETIME_SECONDS - LEAST_REMAINING_SECONDS
  })

  return {
    about(token, routeName) {
      const now = Math.floor(clock() / 1000)
      const byRoute = minted.get(token) ?? new Map<string, Minted>()
      let entry = byRoute.get(routeName)
      if (entry === undefined || now >= entry.usableUntil) {
        entry = mint(token, routeName, now)
        minted.set(token, byRoute.set(routeName, entry))
      }
      return entry.assertion
    }
  }
}

function claimsOf({ identity }: VerifiedToken, routeName: string, now: number): AssertionClaims {
  return {
    iss: ASSERTION_ISSUER,
    aud: routeName,
    sub: identity.subject,
    ...(identity.session === null ? {} : { sid: identity.session }),
    client_id: identity.client,
    scope: identity.scope.join(' '),
    roles: identity.roles,
    ...(identity.email === null ? {} : { email: identity.email }),
    token_exp: identity.expiresAt,
    iat: now,
    exp: now + LIFETIME_SECONDS
  }
}
