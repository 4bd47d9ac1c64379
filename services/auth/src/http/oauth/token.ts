import { Refusal } from '@gatehouse/problem/refusal'
import { type Static, Type } from 'typebox'
import type { Origin } from '../../audit/audit-event.ts'
import { isFirstParty } from '../../oauth/authenticate-client.ts'
import { clientScope } from '../../oauth/client-scope.ts'
import {
  invalidClient,
  invalidGrant,
  invalidScope,
  malformedRequest,
  unsupportedGrantType
} from '../../oauth/oauth-refusals.ts'
import { oauthPath } from '../../oauth/server-metadata.ts'
import { originOf } from '../origin-of.ts'
import type { OAuthNeeds, OAuthRequest, OAuthRoute } from './needs.ts'

/** RFC 6749 §5.1 */
const TokenAnswer = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal('Bearer'),
  /** seconds */
  expires_in: Type.Integer(),
  refresh_token: Type.Optional(Type.String()),
  scope: Type.String()
})
type TokenAnswer = Static<typeof TokenAnswer>

type Grant = (request: OAuthRequest, origin: Origin, needs: OAuthNeeds) => Promise<TokenAnswer>

const grants: ReadonlyMap<string, Grant> = new Map<string, Grant>([
  ['client_credentials', clientCredentials],
  ['refresh_token', refreshToken]
])

export const token: OAuthRoute = (service, needs) => {
  service.post(
    oauthPath.token,
    { schema: { response: { 200: TokenAnswer } } },
    async (request, reply) => {
      // RFC 6749 §5.1, in addition to `Cache-Control`
      reply.header('pragma', 'no-cache')
      const asked = await needs.read(request)
      const grantType = asked.form.get('grant_type')
      if (grantType === undefined) throw malformedRequest('grant_type is missing')
      const grant = grants.get(grantType)
      if (grant === undefined) throw unsupportedGrantType()
      return await grant(asked, originOf(request), needs)
    }
  )
}

/**
 * RFC 6749 §4.4: a token for the machine client itself. There is no refresh token, because the
 * client can authenticate again.
 */
async function clientCredentials(
  { form, caller, begunMs }: OAuthRequest,
  origin: Origin,
  { tokens, audit }: OAuthNeeds
): Promise<TokenAnswer> {
  const { client } = caller
  if (client === null) throw invalidClient('a grant for clients that authenticate')
  const scopeOfToken = clientScope(client, form.get('scope'))
  const issued = tokens.issueToClient(client, scopeOfToken, begunMs)
  const detail = { expiresIn: issued.expiresIn }
  await audit.write({ kind: 'client-token-issued', subject: client.id, sid: null, origin, detail })
  const { token, expiresIn, scope } = issued
  return { access_token: token, token_type: 'Bearer', expires_in: expiresIn, scope }
}

/**
 * RFC 6749 §6. Sessions belong to the first-party client, and an attempt of another client must not
 * affect them.
 */
async function refreshToken(
  { form, caller }: OAuthRequest,
  origin: Origin,
  { sessions }: OAuthNeeds
): Promise<TokenAnswer> {
  const presented = form.get('refresh_token')
  if (presented === undefined) throw malformedRequest('refresh_token is missing')
  if (!isFirstParty(caller)) throw invalidGrant('a session is not for another client')
  const { accessToken, refreshToken } = await sessions
    .refresh(presented, origin, form.get('scope'))
    .catch(asOAuthError)
  return {
    access_token: accessToken.token,
    token_type: 'Bearer',
    expires_in: accessToken.expiresIn,
    refresh_token: refreshToken,
    scope: accessToken.scope
  }
}

/**
 * OAuth has one error for several of this API's: the grant is no longer valid. An outage and a
 * limit keep their own errors.
 */
function asOAuthError(error: unknown): never {
  if (!(error instanceof Refusal)) throw error
  if (error.status === 401) throw invalidGrant(error.reason, error)
  throw error.code === 'INVALID_REQUEST' ? invalidScope(error.reason) : error
}
