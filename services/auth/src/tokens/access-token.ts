import { randomInt, randomUUID } from 'node:crypto'
import { ACCESS_TOKEN_TYPE, type AccessTokenClaims } from '@gatehouse/access-token/claims'
import type { Account } from '../accounts/account.ts'
import { type Client, FIRST_PARTY_CLIENT } from '../clients/client.ts'
import type { SigningKey } from '../keys/signing-key.ts'

/** Signs claims with a key; what @fastify/jwt does for the app. */
export type Sign = (claims: AccessTokenClaims, key: SigningKey) => string

export type AccessTokenPolicy = {
  readonly issuer: string
  readonly audience: string
  readonly lifetimeSeconds: number
  /** whether tokens say their session's generation, so that its first use can be reported */
  readonly namesGeneration: boolean
}

export type AccessTokenSubject = {
  readonly account: Account
  readonly sid: string
  /** of the refresh-token family */
  readonly generation: number
  readonly clientId: string
  /** what of the account's scope the session asked for; empty: all */
  readonly requestedScope: string
  /** when the user proved who they are, in seconds since 1970 */
  readonly authenticatedAt: number
  /** the least `iat` (s) of the session's tokens that are good */
  readonly tokensNotBefore: number
}

export type IssuedAccessToken = {
  readonly token: string
  /** seconds */
  readonly expiresIn: number
  /** space-separated */
  readonly scope: string
}

/** A lifetime is up to this share shorter at random, so that clients that began together do not refresh together. */
const JITTER = 0.05

export type AccessTokens = {
  /** to a session of a user */
  issue(subject: AccessTokenSubject): IssuedAccessToken
  /** to a machine client for itself: nobody has signed in, and there is no session (RFC 9068 §2.2, RFC 6749 §4.4) */
  issueToClient(client: Client, scope: readonly string[]): IssuedAccessToken
}

/** What differs from token to token. */
type Particulars = Omit<AccessTokenClaims, 'iss' | 'aud' | 'exp' | 'iat' | 'nbf' | 'jti'>

/** Issues access tokens (RFC 9068) with whichever key is active at the moment. */
export function accessTokens(needs: {
  policy: AccessTokenPolicy
  activeKey: () => SigningKey
  sign: Sign
  clock: () => number
}): AccessTokens {
  const { policy, activeKey, sign, clock } = needs
  const issued = (particulars: Particulars, notBefore: number): IssuedAccessToken => {
    // One that says what has just become true must not look like those that say what was.
    const iat = Math.max(Math.floor(clock() / 1000), notBefore)
    const expiresIn =
      policy.lifetimeSeconds - randomInt(Math.floor(policy.lifetimeSeconds * JITTER) + 1)
    const claims: AccessTokenClaims = {
      iss: policy.issuer,
      aud: policy.audience,
      exp: iat + expiresIn,
      iat,
      nbf: iat,
      jti: randomUUID(),
      ...particulars
    }
    return { token: sign(claims, activeKey()), expiresIn, scope: claims.scope }
  }
  return {
    issue: ({
      account,
      sid,
      generation,
      clientId,
      requestedScope,
      authenticatedAt,
      tokensNotBefore
    }) =>
      issued(
        {
          sub: account.id,
          client_id: clientId || FIRST_PARTY_CLIENT,
          sid,
          scope: grantedScope(account.scope, requestedScope).join(' '),
          roles: [...account.roles],
          email: account.email,
          auth_time: authenticatedAt,
          amr: ['pwd'],
          rights_version: account.rightsVersion,
          ...(policy.namesGeneration ? { session_generation: generation } : {})
        },
        Math.max(account.tokensNotBefore, tokensNotBefore)
      ),
    issueToClient: ({ id, tokensNotBefore, rightsVersion }, scope) => {
      const claims = { sub: id, client_id: id, scope: scope.join(' '), roles: [] }
      return issued({ ...claims, rights_version: rightsVersion }, tokensNotBefore)
    }
  }
}

/** The header that every access token of a key has. */
export function accessTokenHeader(key: SigningKey) {
  return { typ: ACCESS_TOKEN_TYPE, alg: key.algorithm, kid: key.kid }
}

/** What a session has of its account's scope. */
export function grantedScope(scope: readonly string[], requested: string): readonly string[] {
  if (requested === '') return scope
  const asked = new Set(requested.split(' '))
  return scope.filter((one) => asked.has(one))
}
