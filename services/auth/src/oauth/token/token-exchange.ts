import { MOST_ACTORS } from '@gatehouse/access-token/delegation'
import type { RequestSource } from '../../audit/audit-event.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Client } from '../../clients/client.ts'
import type { AccessTokens, IssuedAccessToken } from '../../tokens/access-token.ts'
import {
  invalidScope,
  invalidTarget,
  malformedRequest,
  mayNotExchange,
  unacceptableSubject
} from '../oauth-refusals.ts'
import { type ReadSubjectToken, tokenType } from './subject-token.ts'
import type { TokenStanding } from './token-standing.ts'
import { vouchedSubject } from './vouched-subject.ts'

/** The parameters of an exchange (RFC 8693 §2.1). */
type ExchangeRequest = {
  readonly subjectToken: string
  readonly subjectTokenType: string
  readonly audience: string
  readonly scope: string | undefined
  /** a part of the roles of the subject token, separated by spaces */
  readonly roles: string | undefined
  readonly requestedTokenType: string | undefined
  readonly resource: string | undefined
  readonly actorToken: string | undefined
}

/** The client that asks, and when its request began, in milliseconds since 1970. */
type ExchangeCaller = {
  readonly client: Client
  readonly begunMs: number
  readonly source: RequestSource
}

/**
 * Returns a token for another audience, with which the client acts for the subject of the token
 * that it has received.
 * @throws OAuthRefusal unauthorized_client, invalid_target, invalid_scope, invalid_request
 */
export type ExchangeToken = (
  asked: ExchangeRequest,
  caller: ExchangeCaller
) => Promise<IssuedAccessToken>

type TokenExchangeOptions = {
  readonly readSubject: ReadSubjectToken
  readonly standing: Pick<TokenStanding, 'subjectOf'>
  readonly tokens: Pick<AccessTokens, 'issueByExchange'>
  readonly audit: AuditLog
}

/**
 * Token exchange (RFC 8693). A token gets narrower with each exchange, never wider: in its
 * audience, its scope, its roles and its life. Each step must hold:
 *
 * - the client may exchange at all, and for this audience
 * - the subject token was sent to the client, and is not revoked
 * - the scope and the roles are in the subject token and in what the client may get
 * - the subject has the roles and the scope now, and its session the proof of identity
 */
export function tokenExchange(options: TokenExchangeOptions): ExchangeToken {
  const { readSubject, standing, tokens, audit } = options
  return async (asked, { client, begunMs, source }) => {
    const { audience } = asked
    if (client.calls.length === 0) throw mayNotExchange()
    refuseUnsupported(asked)
    if (!client.calls.includes(audience)) throw invalidTarget()
    const presented = await readSubject(asked.subjectToken, asked.subjectTokenType, client)
    const { actors = [] } = presented.delegation ?? {}
    if (actors.length >= MOST_ACTORS) throw unacceptableSubject('too many services have acted')
    const owner = await standing.subjectOf(presented)
    if (owner === null) throw unacceptableSubject('it is revoked')
    const subject = vouchedSubject(presented, owner)
    const mayHave = (role: string) => client.roles?.includes(role) ?? true
    const allowedScope = subject.scope.filter((one) => client.scope.includes(one))
    const scope = narrowed('scope', allowedScope, asked.scope)
    const roles = narrowed('roles', subject.roles.filter(mayHave), asked.roles)
    const claims = owner.session?.account.claims ?? {}
    const exchange = { client, audience, scope, roles, claims, begunMs }
    const issued = await tokens.issueByExchange(subject, exchange)
    if (issued === null) throw unacceptableSubject('it has expired, or is dated ahead')
    await audit.write({
      kind: 'token-exchanged',
      subject: subject.identity.subject,
      sid: subject.identity.session,
      source,
      detail: { client: client.id, audience, expiresIn: issued.expiresIn }
    })
    return issued
  }
}

/**
 * Refuses parameters that are not supported: if they were ignored, the client would assume that
 * they took effect. The client itself is the actor, by its authentication, so it presents no token
 * of another actor.
 */
function refuseUnsupported({ actorToken, requestedTokenType, resource }: ExchangeRequest): void {
  if (actorToken !== undefined) {
    throw malformedRequest('actor_token is not supported: the client itself is the actor')
  }
  if (requestedTokenType !== undefined && requestedTokenType !== tokenType.accessToken) {
    throw malformedRequest(`requested_token_type must be ${tokenType.accessToken}`)
  }
  if (resource !== undefined) throw invalidTarget()
}

/**
 * The requested part of what is allowed; without a request, all of it.
 * @throws OAuthRefusal invalid_scope if more is requested
 */
function narrowed(
  what: 'scope' | 'roles',
  allowed: readonly string[],
  requested: string | undefined
): readonly string[] {
  if (requested === undefined) return allowed
  const asked = [...new Set(requested.split(' '))]
  if (asked.every((one) => allowed.includes(one))) return asked
  throw invalidScope(`more ${what} than the subject token and the client have`)
}
