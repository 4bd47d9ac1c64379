import type { Actor } from '@gatehouse/access-token/delegation'
import type { SightingReport } from '@gatehouse/sightings/report-sightings'
import { type Client, clientIdOf } from '../../clients/client.ts'
import { grantedScope } from '../../tokens/access-token.ts'
import { type RecognisedToken, type RecogniseToken, sightingOf } from './recognise-token.ts'
import type { TokenStanding } from './token-standing.ts'

/** The response for an active token (RFC 7662 §2.2). */
type ActiveToken = {
  readonly active: true
  readonly iss: string
  readonly aud: string | string[]
  readonly sub: string
  readonly client_id: string
  readonly scope: string
  readonly exp: number
  readonly iat: number
  /** only for access tokens: a refresh token is not for services */
  readonly token_type?: 'Bearer'
  readonly nbf?: number
  readonly jti?: string
  readonly sid?: string
  /** how well, and when, the user was authenticated (RFC 9470 §6.2) */
  readonly acr?: string
  readonly auth_time?: number
  /** who acts for `sub` with an exchanged token (RFC 8693 §4.1) */
  readonly act?: Actor
}

/** The response for any other token says nothing about it, not even the reason (RFC 7662 §2.2). */
type Introspection = ActiveToken | { readonly active: false }

/** @param caller the client that asks */
export type Introspect = (text: string, caller: Client) => Promise<Introspection>

type AccessToken = Extract<RecognisedToken, { kind: 'access' }>
type RefreshToken = Extract<RecognisedToken, { kind: 'refresh' }>

type IntrospectionOptions = {
  readonly recognise: RecogniseToken
  readonly issuer: string
  readonly standing: TokenStanding
  /** gets each session token that is introspected; gateways report those that they verify */
  readonly sightings: Pick<SightingReport, 'note'>
}

const inactive = { active: false } as const

/**
 * Says whether a token is active, and changes nothing: no rotation, no count, no end of a session.
 */
export function introspection(options: IntrospectionOptions): Introspect {
  const { recognise, issuer, standing, sightings } = options
  return async (text, caller) => {
    const token = await recognise(text)
    if (token === null) return inactive
    const seen = sightingOf(token)
    if (seen !== null) sightings.note(seen)
    if (token.kind === 'access') return await ofAccessToken(token, caller, standing)
    return await ofRefreshToken(token, issuer, standing)
  }
}

/**
 * An exchanged token is active only for a client that is its audience (RFC 7662 §4): others could
 * overlook `aud`.
 */
async function ofAccessToken(
  { claims, kid, delegation }: AccessToken,
  { receives }: Client,
  standing: TokenStanding
): Promise<Introspection> {
  if (delegation !== null && !receives.includes(delegation.audience)) return inactive
  const { iss, aud, sub, client_id, scope, exp, iat, nbf, jti, sid, acr, auth_time, act } = claims
  const owner = await standing.subjectOf({
    identity: { subject: sub, session: sid ?? null },
    kid,
    issuedAt: iat,
    rightsVersion: claims.rights_version ?? null,
    delegation
  })
  if (owner === null) return inactive
  return {
    active: true,
    token_type: 'Bearer',
    iss,
    aud,
    sub,
    client_id,
    scope,
    exp,
    iat,
    nbf,
    jti,
    ...(sid === undefined ? {} : { sid }),
    ...(acr === undefined ? {} : { acr }),
    ...(auth_time === undefined ? {} : { auth_time }),
    ...(act === undefined ? {} : { act })
  }
}

async function ofRefreshToken(
  { token, sid }: RefreshToken,
  issuer: string,
  standing: TokenStanding
): Promise<Introspection> {
  const session = await standing.liveSession(token.subject, sid)
  if (session === null || session.record.generation !== token.generation) return inactive
  const { account, record } = session
  return {
    active: true,
    iss: issuer,
    // The audience is this server, so no service takes the token for an access token.
    aud: issuer,
    sub: token.subject,
    client_id: clientIdOf(record.clientId),
    scope: grantedScope(account.scope, record.scope).join(' '),
    exp: Math.min(record.idleExpiresAt, record.expiresAt),
    iat: Math.floor(record.rotatedAtMs / 1000),
    sid
  }
}
