import { randomInt, randomUUID } from 'node:crypto'
import { ACCESS_TOKEN_TYPE, type AccessTokenClaims } from '@gatehouse/access-token/claims'
import { TOKEN_SKEW_SECONDS } from '@gatehouse/access-token/clock-skew'
import type { TokenAccount } from '../accounts/account.ts'
import { type Client, clientIdOf } from '../clients/client.ts'
import type { LiveSigningKeys } from '../keys/live-signing-keys.ts'
import type { SigningKey } from '../keys/signing-key.ts'
import { authenticationClass } from './authentication-class.ts'
import { type ClaimTemplate, templatedClaims } from './claim-template.ts'
import { type Exchange, exchangedClaims, type SubjectToken } from './exchanged-claims.ts'

/** Signs claims with a key; in the app, @fastify/jwt does this. */
export type Sign = (claims: AccessTokenClaims, key: SigningKey) => string

export type AccessTokenPolicy = {
  readonly issuer: string
  readonly audience: string
  readonly lifetimeSeconds: number
  /** the longest lifetime of an exchanged token */
  readonly exchangeSeconds: number
  /** which claims of accounts tokens have */
  readonly claims: ClaimTemplate
  /** whether tokens contain their session's generation, so that its first use can be reported */
  readonly namesGeneration: boolean
}

export type AccessTokenSubject = {
  readonly account: TokenAccount
  readonly sid: string
  /** the generation of the refresh-token family */
  readonly generation: number
  readonly clientId: string
  /** the part of the account's scope that the session asked for; empty: all of it */
  readonly requestedScope: string
  /** how (RFC 8176) and when (in seconds since 1970) the user signed in */
  readonly authentication: { readonly amr: readonly string[]; readonly atSeconds: number }
  /** the session's tokens with an earlier `iat` (s) are stale */
  readonly tokensNotBefore: number
  /** as `issueToClient` has it */
  readonly begunMs: number
  /** as `LiveSigningKeys.untilCurrent` takes it */
  readonly keyWithdrawals?: string | null | undefined
}

export type IssuedAccessToken = {
  readonly token: string
  /** seconds */
  readonly expiresIn: number
  /** space-separated */
  readonly scope: string
}

/**
 * A lifetime is shorter by up to this share, at random, so that clients that started together do
 * not refresh together.
 */
const JITTER = 0.05

export type AccessTokens = {
  /** issues a token to the session of a user */
  issue(subject: AccessTokenSubject): Promise<IssuedAccessToken>
  /**
   * issues a token to a machine client: no user has signed in, and there is no session (RFC 9068
   * §2.2, RFC 6749 §4.4)
   * @param begunMs the time before the request read the client or the session. The lifetime of the
   * token begins at this time. If it began now, a process that was paused in between could sign a
   * token that expires only after gateways have forgotten its revocation.
   */
  issueToClient(
    client: Client,
    scope: readonly string[],
    begunMs: number
  ): Promise<IssuedAccessToken>
  /**
   * Issues a token for another audience, with which the client acts for the subject (RFC 8693). Its
   * `iat` and its version of rights are those of the subject token, so that whatever makes that one
   * stale makes this one stale. It does not outlive the subject token.
   * @returns null if the subject token has expired, or is dated ahead: no cut-off of the near
   * future would make it stale
   */
  issueByExchange(subject: SubjectToken, exchange: Exchange): Promise<IssuedAccessToken | null>
}

type AccessTokenOptions = {
  readonly policy: AccessTokenPolicy
  readonly keys: Pick<LiveSigningKeys, 'active' | 'untilCurrent'>
  readonly sign: Sign
  readonly clock: () => number
}

/** Issues access tokens (RFC 9068) with the key that is active at the moment. */
export function accessTokens(options: AccessTokenOptions): AccessTokens {
  const { policy, clock } = options
  return {
    issue(subject) {
      const { account, begunMs, keyWithdrawals } = subject
      const notBefore = Math.max(account.tokensNotBefore, subject.tokensNotBefore)
      const particulars = sessionClaims(subject, policy)
      return issueOwn(options, particulars, { notBefore, begunMs, keyWithdrawals })
    },
    issueToClient(client, scope, begunMs) {
      const notBefore = client.tokensNotBefore
      return issueOwn(options, clientClaims(client, scope), { notBefore, begunMs })
    },
    async issueByExchange(subject, exchange) {
      const nowSeconds = Math.floor(Math.min(exchange.begunMs, clock()) / 1000)
      const longest = Math.min(policy.exchangeSeconds, policy.lifetimeSeconds)
      const exp = Math.min(subject.expiresAt, nowSeconds + longest)
      if (exp <= nowSeconds) return null
      if (subject.issuedAt > nowSeconds + TOKEN_SKEW_SECONDS) return null
      const claims: AccessTokenClaims = {
        ...templatedClaims(policy.claims, exchange.claims),
        ...exchangedClaims(subject, exchange),
        iss: policy.issuer,
        exp,
        nbf: Math.min(subject.issuedAt, nowSeconds),
        jti: randomUUID()
      }
      return signed(options, claims, exp - nowSeconds, undefined)
    }
  }
}

/** The claims that differ between tokens for the audience of the policy. */
type Particulars = Omit<AccessTokenClaims, 'iss' | 'aud' | 'exp' | 'iat' | 'nbf' | 'jti'>

/** When a token is issued: its `iat` is `notBefore` (s) or later. */
type Issuing = {
  readonly notBefore: number
  readonly begunMs: number
  readonly keyWithdrawals?: string | null | undefined
}

/** Issues a token for the audience of the policy. */
function issueOwn(
  options: AccessTokenOptions,
  particulars: Particulars,
  { notBefore, begunMs, keyWithdrawals }: Issuing
): Promise<IssuedAccessToken> {
  const { policy, clock } = options
  // The clock may have been set back since the beginning. A token with new rights must have a
  // later `iat` than those with old rights.
  const begun = Math.floor(Math.min(begunMs, clock()) / 1000)
  const iat = Math.max(begun, notBefore)
  const expiresIn = jittered(policy.lifetimeSeconds)
  const claims: AccessTokenClaims = {
    iss: policy.issuer,
    aud: policy.audience,
    exp: iat + expiresIn,
    iat,
    // After a change of rights, `iat` is up to a second ahead. Verifiers without a tolerance would
    // refuse a token that begins later.
    nbf: begun,
    jti: randomUUID(),
    ...particulars
  }
  return signed(options, claims, expiresIn, keyWithdrawals)
}

const jittered = (seconds: number): number => seconds - randomInt(Math.floor(seconds * JITTER) + 1)

async function signed(
  { sign, keys }: AccessTokenOptions,
  claims: AccessTokenClaims,
  expiresIn: number,
  keyWithdrawals: string | null | undefined
): Promise<IssuedAccessToken> {
  await keys.untilCurrent(keyWithdrawals)
  return { token: sign(claims, keys.active()), expiresIn, scope: claims.scope }
}

const sessionClaims = (
  { account, sid, generation, clientId, requestedScope, authentication }: AccessTokenSubject,
  policy: AccessTokenPolicy
): Particulars => ({
  // First, so that it cannot replace a claim of ours.
  ...templatedClaims(policy.claims, account.claims),
  sub: account.id,
  client_id: clientIdOf(clientId),
  sid,
  scope: grantedScope(account.scope, requestedScope).join(' '),
  roles: [...account.roles],
  email: account.email,
  auth_time: authentication.atSeconds,
  acr: authenticationClass(authentication.amr),
  amr: [...authentication.amr],
  rights_version: account.rightsVersion,
  ...(policy.namesGeneration ? { session_generation: generation } : {})
})

const clientClaims = ({ id, rightsVersion }: Client, scope: readonly string[]): Particulars => ({
  sub: id,
  client_id: id,
  scope: scope.join(' '),
  roles: [],
  rights_version: rightsVersion
})

/** The header that every access token of a key has. */
export function accessTokenHeader(key: SigningKey) {
  return { typ: ACCESS_TOKEN_TYPE, alg: key.algorithm, kid: key.kid }
}

/** The part of its account's scope that a session has. */
export function grantedScope(scope: readonly string[], requested: string): readonly string[] {
  if (requested === '') return scope
  const asked = new Set(requested.split(' '))
  return scope.filter((one) => asked.has(one))
}
