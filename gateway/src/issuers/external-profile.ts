import type { Identity } from '@gatehouse/edge-headers/identity'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { TokenProfile } from '../tokens/access-token-profile.ts'
import type { IssuerRow } from './issuer-file.ts'

const seconds = Type.Integer({ minimum: 0, maximum: 253402300799 })
const text = Type.String({ minLength: 1, maxLength: 255 })

/** What every token must say, whoever's it is (RFC 9068 §2.2, without what only some issuers say). */
const ExternalClaims = Type.Object({
  iss: text,
  sub: text,
  aud: Type.Union([text, Type.Array(text, { minItems: 1, maxItems: 16 })]),
  exp: seconds,
  iat: seconds,
  nbf: Type.Optional(seconds),
  auth_time: Type.Optional(seconds)
})

/**
 * They would change what the token is (RFC 7515 §4.1.11, RFC 7797 §3, RFC 7516 §4.1). Those that say where a key is to be had from
 * (`jku`, `jwk`, `x5u`, `x5c`) are not read at all: only the key set of the issuer counts (RFC 8725 §3.10).
 */
const REFUSED = ['crit', 'b64', 'zip', 'enc']
const LONGEST_LIST = 512

type Claims = Readonly<Record<string, unknown>>

/**
 * The tokens of an issuer besides our own. What it calls its subjects and clients is put behind its name: two issuers may
 * use one name for two people. Its sessions are not ours to end, so its tokens have none.
 */
export function externalProfile({
  name,
  issuer,
  audience,
  types,
  claims: from
}: IssuerRow): TokenProfile {
  return {
    issuer,
    issuerName: name,
    longestToken: 16_384,
    deepest: 64,
    flawOfHeader(header) {
      if (REFUSED.some((member) => member in header)) {
        return 'the header has a member that is never trusted'
      }
      const { typ, cty } = header
      if (isNestedToken(cty)) return 'it holds another token'
      const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : ''
      return types.some((known) => known.toLowerCase() === type) ? null : 'typ is another'
    },
    readClaims(claims) {
      if (!Value.Check(ExternalClaims, claims)) {
        return { flaw: 'the claims do not fit their schema' }
      }
      if (![claims.aud].flat().includes(audience)) return { flaw: 'another audience' }
      const identity = identityOf(claims, from, name)
      if (identity === null) return { flaw: 'a mapped claim is neither a text nor a list of texts' }
      return {
        identity: { ...identity, expiresAt: claims.exp },
        issuedAt: claims.iat,
        notBefore: claims.nbf ?? claims.iat,
        authenticatedAt: claims.auth_time ?? null
      }
    }
  }
}

/** RFC 7519 §5.2; any other `cty` says nothing of claims that are JSON. */
const isNestedToken = (cty: unknown) => typeof cty === 'string' && /(^|[/+])jwt$/i.test(cty)

function identityOf(
  claims: Claims & { readonly sub: string },
  from: IssuerRow['claims'],
  name: string
): Omit<Identity, 'expiresAt'> | null {
  const scope = words(claimAt(claims, from.scope ?? 'scope'))
  // An issuer's word on who is an administrator here is taken only where somebody has said so.
  const roles = from.roles === undefined ? [] : words(claimAt(claims, from.roles))
  const client =
    from.client === undefined ? (claims.client_id ?? claims.azp) : claimAt(claims, from.client)
  const email = from.email === undefined ? undefined : claimAt(claims, from.email)
  if (scope === null || roles === null || !isTextOrNothing(client) || !isTextOrNothing(email)) {
    return null
  }
  return {
    subject: `${name}|${claims.sub}`,
    session: null,
    client: `${name}|${client ?? ''}`,
    roles,
    scope,
    email: email ?? null
  }
}

/** The claim that a dotted path leads to, for example `realm_access.roles`. */
function claimAt(claims: Claims, path: string): unknown {
  let value: unknown = claims
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Claims)[part]
  }
  return value
}

/** A list, or words with spaces between them; null where it is neither. */
function words(value: unknown): string[] | null {
  if (value === undefined) return []
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '')
  const isList =
    Array.isArray(value) &&
    value.length <= LONGEST_LIST &&
    value.every((one) => typeof one === 'string' && one !== '')
  return isList ? value : null
}

const isTextOrNothing = (value: unknown): value is string | undefined =>
  value === undefined || (typeof value === 'string' && value !== '' && value.length <= 8192)
