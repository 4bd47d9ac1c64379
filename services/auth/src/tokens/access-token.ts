import { randomInt, randomUUID } from 'node:crypto'
import { ACCESS_TOKEN_TYPE, type AccessTokenClaims } from '@gatehouse/access-token/claims'
import type { Account } from '../accounts/account.ts'
import type { SigningKey } from '../keys/signing-key.ts'

/** Signs claims with a key; what @fastify/jwt does for the app. */
export type Sign = (claims: AccessTokenClaims, key: SigningKey) => string

export type AccessTokenPolicy = {
  readonly issuer: string
  readonly audience: string
  readonly lifetimeSeconds: number
}

export type AccessTokenSubject = {
  readonly account: Account
  readonly sid: string
  readonly clientId: string
  /** what of the account's scope the session asked for; empty: all */
  readonly requestedScope: string
  /** when the user proved who they are, in seconds since 1970 */
  readonly authenticatedAt: number
}

export type IssuedAccessToken = { readonly token: string; readonly expiresIn: number }

/** The OAuth client of this API's own logins, which a family keeps as an empty text. */
const FIRST_PARTY_CLIENT = 'gatehouse'

/** A lifetime is up to this share shorter at random, so that clients that began together do not refresh together. */
const JITTER = 0.05

export type AccessTokens = { issue(subject: AccessTokenSubject): IssuedAccessToken }

/** Issues access tokens (RFC 9068) with whichever key is active at the moment. */
export function accessTokens(needs: {
  policy: AccessTokenPolicy
  activeKey: () => SigningKey
  sign: Sign
  clock: () => number
}): AccessTokens {
  const { policy, activeKey, sign, clock } = needs
  return {
    issue({ account, sid, clientId, requestedScope, authenticatedAt }) {
      const iat = Math.floor(clock() / 1000)
      const expiresIn =
        policy.lifetimeSeconds - randomInt(Math.floor(policy.lifetimeSeconds * JITTER) + 1)
      const claims: AccessTokenClaims = {
        iss: policy.issuer,
        aud: policy.audience,
        sub: account.id,
        exp: iat + expiresIn,
        iat,
        nbf: iat,
        jti: randomUUID(),
        client_id: clientId || FIRST_PARTY_CLIENT,
        sid,
        scope: grantedScope(account.scope, requestedScope).join(' '),
        roles: [...account.roles],
        email: account.email,
        auth_time: authenticatedAt,
        amr: ['pwd']
      }
      return { token: sign(claims, activeKey()), expiresIn }
    }
  }
}

/** The header that every access token of a key has. */
export function accessTokenHeader(key: SigningKey) {
  return { typ: ACCESS_TOKEN_TYPE, alg: key.algorithm, kid: key.kid }
}

function grantedScope(scope: readonly string[], requested: string): readonly string[] {
  if (requested === '') return scope
  const asked = new Set(requested.split(' '))
  return scope.filter((one) => asked.has(one))
}
