import { generateKeyPairSync } from 'node:crypto'
import {
  ASSERTION_ALGORITHM,
  ASSERTION_ISSUER,
  ASSERTION_TYPE,
  type AssertionClaims
} from '@gatehouse/edge-headers/assertion'
import {
  GATEWAY_PROOF_TYPE,
  type GatewayProofClaims,
  gatewayProofClaims
} from '@gatehouse/edge-headers/gateway-proof'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { VerifiedToken } from '../tokens/access-token-verifier.ts'
import { keptAssertions, type SignedAbout } from './kept-assertions.ts'

/**
 * This gateway's own key. It is created at the start, and its private half never leaves the
 * process.
 */
export type AssertionKey = {
  readonly publicJwk: JWK
  readonly publicPem: string
  readonly privatePem: string
  readonly header: { readonly alg: string; readonly kid: string }
}

export async function newAssertionKey(): Promise<AssertionKey> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' }) as JWK
  const kid = await calculateJwkThumbprint(jwk)
  return {
    publicJwk: { ...jwk, kid, alg: ASSERTION_ALGORITHM, use: 'sig' },
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    header: { alg: ASSERTION_ALGORITHM, kid }
  }
}

export type Assertions = {
  /**
   * What this gateway asserts about a caller to the service of a route, signed: `x-auth-assertion`.
   * @param claims the claims of the token that the route names; the same object as long as they are
   * the same
   */
  about(token: VerifiedToken, routeName: string, claims?: NamedClaims): string
  /**
   * What proves to a service that takes credentials that a request comes from this gateway: `x-auth-gateway`.
   * @param service the name of its upstream
   */
  ofGateway(service: string): string
  /** how many bytes of the heap the kept assertions use */
  bytes(): number
}

/** Signs claims as a JWT with this `typ`. */
export type SignClaims = (claims: AssertionClaims | GatewayProofClaims, typ: string) => string

const LIFETIME_SECONDS = 60
/** an assertion is used again while it is valid for at least this much longer */
const LEAST_REMAINING_SECONDS = 30

type NamedClaims = Readonly<Record<string, unknown>>

export type AssertionsNeeds = {
  readonly sign: SignClaims
  readonly clock: () => number
  /** how many bytes of the heap the kept assertions may use */
  readonly keptBytes: number
}

/**
 * Signs assertions. One assertion per token and route is used for half a minute, so a busy caller
 * costs two signatures per minute.
 */
export function assertions({ sign, clock, keptBytes }: AssertionsNeeds): Assertions {
  const usableSeconds = LIFETIME_SECONDS - LEAST_REMAINING_SECONDS
  const kept = keptAssertions(keptBytes, usableSeconds)
  const nowSeconds = () => Math.floor(clock() / 1000)
  /**
   * by service: one for each service with credentials in the route table, and those of earlier
   * tables until they expire
   */
  const proofs = new Map<string, Omit<SignedAbout, 'claims'>>()

  const mint = (
    token: VerifiedToken,
    routeName: string,
    claims: NamedClaims | undefined,
    now: number
  ): SignedAbout => ({
    assertion: sign(claimsOf(token, routeName, claims, now), ASSERTION_TYPE),
    usableUntil: now + usableSeconds,
    claims
  })

  return {
    about(token, routeName, claims) {
      const now = nowSeconds()
      kept.forgetExpired(now)
      let entry = kept.find(token, routeName)
      if (entry === undefined || now >= entry.usableUntil || entry.claims !== claims) {
        entry = mint(token, routeName, claims, now)
        kept.keep(token, routeName, entry)
      }
      return entry.assertion
    },
    ofGateway(service) {
      const now = nowSeconds()
      const known = proofs.get(service)
      if (known !== undefined && now < known.usableUntil) return known.assertion
      for (const [name, { usableUntil }] of proofs) if (now >= usableUntil) proofs.delete(name)
      const claims = gatewayProofClaims(service, now, now + LIFETIME_SECONDS)
      const assertion = sign(claims, GATEWAY_PROOF_TYPE)
      proofs.set(service, { assertion, usableUntil: now + usableSeconds })
      return assertion
    },
    bytes() {
      kept.forgetExpired(nowSeconds())
      return kept.bytes
    }
  }
}

function claimsOf(
  { identity }: VerifiedToken,
  routeName: string,
  claims: NamedClaims | undefined,
  now: number
): AssertionClaims {
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
    ...(claims === undefined ? {} : { claims }),
    iat: now,
    exp: now + LIFETIME_SECONDS
  }
}
