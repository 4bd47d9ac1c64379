import type { AccessTokenClaims } from '@gatehouse/access-token/claims'
import type { SightingReport } from '@gatehouse/sightings/report-sightings'
import type { Sighting } from '@gatehouse/sightings/sighting'
import type { Account } from '../accounts/account.ts'
import type { AccountStore } from '../accounts/account-store.ts'
import { FIRST_PARTY_CLIENT } from '../clients/client.ts'
import type { Clients } from '../clients/open-clients.ts'
import type { Revocations } from '../revocations/open-revocations.ts'
import type { FamilyRecord } from '../sessions/family.ts'
import type { RefreshToken } from '../sessions/refresh-token.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { grantedScope } from '../tokens/access-token.ts'
import type { RecognisedToken, RecogniseToken } from './recognise-token.ts'

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
}

/** The response for any other token says nothing about it, not even the reason (RFC 7662 §2.2). */
export type Introspection = ActiveToken | { readonly active: false }

export type Introspect = (text: string) => Promise<Introspection>

type Options = {
  recognise: RecogniseToken
  issuer: string
  accounts: Pick<AccountStore, 'findById'>
  clients: Pick<Clients, 'findById'>
  sessions: Pick<Sessions, 'list'>
  revocations: Pick<Revocations, 'stale'>
  /** gets each session token that is introspected; gateways report those that they verify */
  sightings: Pick<SightingReport, 'note'>
}

const inactive = { active: false } as const

/**
 * Says whether a token is active, and changes nothing: no rotation, no count, no end of a session.
 */
export function introspection(options: Options): Introspect {
  const { recognise, issuer, accounts, clients, sessions, sightings } = options
  const { stale } = options.revocations

  /** The live session of a user who may sign in. */
  const liveSession = async (
    subject: string,
    sid: string
  ): Promise<{ account: Account; record: FamilyRecord } | null> => {
    const account = await accounts.findById(subject)
    if (account === null || account.disabled) return null
    const live = await sessions.list(subject)
    const family = live.find((one) => one.sid === sid)
    return family === undefined ? null : { account, record: family.record }
  }

  /** The account of a session, or the machine client, if it may use its tokens. */
  const ownerOf = async ({ sub, sid, iat }: AccessTokenClaims) => {
    if (sid !== undefined) {
      const session = await liveSession(sub, sid)
      return session === null || iat < session.record.tokensNotBefore ? null : session.account
    }
    const client = await clients.findById(sub)
    return client === null || client.disabled ? null : client
  }

  /**
   * The same rule as in gateways: a token is refused if it is older than a change of its owner's
   * rights, or than a revocation of all tokens.
   */
  const isLive = async (claims: AccessTokenClaims): Promise<boolean> => {
    const owner = await ownerOf(claims)
    if (owner === null || claims.iat < (await stale.allNotBefore())) return false
    const { rights_version: version } = claims
    return version === undefined
      ? claims.iat >= owner.tokensNotBefore
      : version >= owner.rightsVersion
  }

  const ofAccessToken = async (claims: AccessTokenClaims): Promise<Introspection> => {
    if (!(await isLive(claims))) return inactive
    const { iss, aud, sub, client_id, scope, exp, iat, nbf, jti, sid } = claims
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
      ...(sid === undefined ? {} : { sid })
    }
  }

  const ofRefreshToken = async (token: RefreshToken, sid: string): Promise<Introspection> => {
    const session = await liveSession(token.subject, sid)
    if (session === null || session.record.generation !== token.generation) return inactive
    const { account, record } = session
    return {
      active: true,
      iss: issuer,
      // The audience is this server, so no service takes the token for an access token.
      aud: issuer,
      sub: token.subject,
      client_id: record.clientId || FIRST_PARTY_CLIENT,
      scope: grantedScope(account.scope, record.scope).join(' '),
      exp: Math.min(record.idleExpiresAt, record.expiresAt),
      iat: Math.floor(record.rotatedAtMs / 1000),
      sid
    }
  }

  return async (text) => {
    const token = await recognise(text)
    if (token === null) return inactive
    const seen = sightingOf(token)
    if (seen !== null) sightings.note(seen)
    if (token.kind === 'access') return await ofAccessToken(token.claims)
    return await ofRefreshToken(token.token, token.sid)
  }
}

/** The generation of a session that the use of a token proves; null if the token has none. */
function sightingOf(token: RecognisedToken): Sighting | null {
  if (token.kind === 'refresh') {
    const { subject, generation } = token.token
    return { subject, sid: token.sid, generation }
  }
  const { sub: subject, sid, session_generation: generation } = token.claims
  return sid === undefined || generation === undefined ? null : { subject, sid, generation }
}
