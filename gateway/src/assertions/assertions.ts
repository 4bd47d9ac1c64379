import { generateKeyPairSync } from 'node:crypto'
import { actorClaims } from '@gatehouse/access-token/delegation'
import {
  ASSERTION_ALGORITHM,
  ASSERTION_ISSUER,
  ASSERTION_TYPE,
  type AssertedToken,
  type AssertionClaims
} from '@gatehouse/edge-headers/assertion'
import {
  GATEWAY_PROOF_TYPE,
  type GatewayProofClaims,
  gatewayProofClaims
} from '@gatehouse/edge-headers/gateway-proof'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { NamedClaim } from '../tokens/claims/forwarded-claims.ts'
import type { KeptForTokens } from '../tokens/memory/kept-for-tokens.ts'
import type { ClaimValues } from '../tokens/named-claims.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'

/**
 * This gateway's own key. It is created at the start, and its private half never leaves the
 * process.
 */
export type AssertionKey = {
  readonly publicJwk: JWK
  readonly privatePem: string
  readonly header: { readonly alg: string; readonly kid: string }
}

export async function newAssertionKey(): Promise<AssertionKey> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' }) as JWK
  const kid = await calculateJwkThumbprint(jwk)
  return {
    publicJwk: { ...jwk, kid, alg: ASSERTION_ALGORITHM, use: 'sig' },
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    header: { alg: ASSERTION_ALGORITHM, kid }
  }
}

export type Assertions = {
  /**
   * What this gateway asserts about a caller to the service of a route, signed: `x-auth-assertion`.
   * @param audience the name by which the route calls its service
   * @param claims the claims of the token that the route names
   */
  about(token: VerifiedToken, audience: string, claims?: SignedClaims): string
  /**
   * The proof, for a service that takes credentials, that this gateway sent the request:
   * `x-auth-gateway`.
   * @param service the name of its upstream
   */
  ofGateway(service: string): string
}

/** Claims of a token that are signed with its identity. */
export type SignedClaims = {
  /** the name of the route: routes with one audience may forward different claims */
  readonly route: string
  /** the same list until the route table is read again */
  readonly names: readonly NamedClaim[]
  /** reads their values from the token */
  values(): ClaimValues
}

/** Signs claims as a JWT with this `typ`. */
export type SignClaims = (claims: AssertionClaims | GatewayProofClaims, typ: string) => string

const LIFETIME_SECONDS = 60
/** An assertion is used again for this long. Then it is still valid for half a minute. */
const USED_MS = 29_000
/**
 * The first one of a token is used for at least this share of that time, at random. Otherwise, a
 * gateway that gets many new tokens at once, after a restart or a rotation of keys, would sign for
 * all of them at once again, every half minute.
 */
const LEAST_SHARE_OF_FIRST = 1 / 3

type Signed = {
  readonly assertion: string
  /** in milliseconds since 1970 */
  readonly usableUntilMs: number
}
type SignedAbout = Signed & {
  readonly audience: string
  readonly names: readonly NamedClaim[] | undefined
}

type AssertionsOptions = {
  readonly sign: SignClaims
  readonly clock: () => number
  /** keeps the assertions that are used again */
  readonly kept: KeptForTokens
  /** from 0 to 1 */
  readonly random?: () => number
}

/**
 * Signs assertions. One assertion per token and audience, or per route with claims, is used for
 * half a minute, so a busy caller costs two signatures per minute.
 */
export function assertions(options: AssertionsOptions): Assertions {
  const { sign, clock, kept, random = Math.random } = options
  const values = kept.values<string, SignedAbout>()
  const usedMsOfFirst = (): number =>
    USED_MS * (LEAST_SHARE_OF_FIRST + random() * (1 - LEAST_SHARE_OF_FIRST))
  /**
   * by service: one for each service with credentials in the route table, and those of earlier
   * tables until they expire
   */
  const proofs = new Map<string, Signed>()

  const mint = (
    token: VerifiedToken,
    audience: string,
    claims: SignedClaims | undefined
  ): Omit<SignedAbout, 'usableUntilMs'> => ({
    assertion: sign(
      claimsOf(token, audience, claims?.values(), Math.floor(clock() / 1000)),
      ASSERTION_TYPE
    ),
    audience,
    names: claims?.names
  })

  return {
    about(token, audience, claims) {
      const nowMs = clock()
      // Two entries can have the same key, because an audience may have the name of another route.
      // So the entry is compared with the request.
      const place = claims?.route ?? audience
      const known = values.find(token, place)
      if (known !== undefined && nowMs < known.usableUntilMs && isAbout(known, audience, claims)) {
        return known.assertion
      }
      const usableUntilMs = nowMs + (known === undefined ? usedMsOfFirst() : USED_MS)
      const made = { ...mint(token, audience, claims), usableUntilMs }
      values.keep(token, place, made, made.assertion.length)
      return made.assertion
    },
    ofGateway(service) {
      const nowMs = clock()
      const known = proofs.get(service)
      if (known !== undefined && nowMs < known.usableUntilMs) return known.assertion
      for (const [name, { usableUntilMs }] of proofs)
        if (nowMs >= usableUntilMs) proofs.delete(name)
      const now = Math.floor(nowMs / 1000)
      const claims = gatewayProofClaims(service, now, now + LIFETIME_SECONDS)
      const assertion = sign(claims, GATEWAY_PROOF_TYPE)
      proofs.set(service, { assertion, usableUntilMs: nowMs + USED_MS })
      return assertion
    }
  }
}

const isAbout = (known: SignedAbout, audience: string, claims: SignedClaims | undefined): boolean =>
  known.audience === audience && known.names === claims?.names

function claimsOf(
  verified: VerifiedToken,
  audience: string,
  claims: ClaimValues | undefined,
  now: number
): AssertionClaims {
  const { identity, delegation } = verified
  const token = assertedToken(verified)
  const { act } = actorClaims(delegation?.actors ?? [], [])
  return {
    iss: ASSERTION_ISSUER,
    aud: audience,
    sub: identity.subject,
    ...(identity.session === null ? {} : { sid: identity.session }),
    client_id: identity.client,
    scope: identity.scope.join(' '),
    roles: identity.roles,
    ...(identity.email === null ? {} : { email: identity.email }),
    token_exp: identity.expiresAt,
    ...(act === undefined ? {} : { act }),
    ...(token === null ? {} : { token }),
    ...(claims === undefined ? {} : { claims }),
    iat: now,
    exp: now + LIFETIME_SECONDS
  }
}

/** Only a token of our own auth service names one of its keys, and can be exchanged there. */
function assertedToken(token: VerifiedToken): AssertedToken | null {
  const { kid, issuedAt, rightsVersion, authenticatedAt, authenticationClass: acr } = token
  if (kid === null) return null
  const { delegation } = actorClaims(token.delegation?.actors ?? [], token.delegation?.keys ?? [])
  return {
    kid,
    iat: issuedAt,
    ...(rightsVersion === null ? {} : { rights_version: rightsVersion }),
    ...(authenticatedAt === null ? {} : { auth_time: authenticatedAt }),
    ...(acr === null ? {} : { acr }),
    ...(delegation === undefined ? {} : { delegation })
  }
}
