import { Refusal } from '@gatehouse/problem/refusal'
import type { RequestSource } from '../../audit/audit-event.ts'
import { isFirstParty } from '../../oauth/client/authenticate-client.ts'
import { clientScope } from '../../oauth/client/client-scope.ts'
import { formReader } from '../../oauth/form/form-reader.ts'
import { TOKEN_EXCHANGE } from '../../oauth/grant-types.ts'
import {
  invalidClient,
  invalidGrant,
  invalidScope,
  unsupportedGrantType
} from '../../oauth/oauth-refusals.ts'
import { oauthPath } from '../../oauth/server-metadata.ts'
import { callerOf, nameCaller } from '../name-caller.ts'
import { requestSourceOf } from '../request-source.ts'
import { exchangeGrant } from './exchange-grant.ts'
import type { OAuthOptions, OAuthRequest, OAuthRoute } from './oauth-route.ts'
import { type OAuthTokenResponse, TokenForm, tokenSchema } from './token-schema.ts'

type Grant = (
  request: OAuthRequest,
  source: RequestSource,
  options: OAuthOptions
) => Promise<OAuthTokenResponse>

const grants: ReadonlyMap<string, Grant> = new Map<string, Grant>([
  ['client_credentials', clientCredentials],
  ['refresh_token', refreshToken],
  [TOKEN_EXCHANGE, exchangeGrant]
])

export const token: OAuthRoute = (service, options) => {
  service.post(oauthPath.token, { schema: tokenSchema }, async (request, reply) => {
    const asked = await options.read(request, reply)
    const parameters = formReader(asked.form, TokenForm)
    const grant = grants.get(parameters.required('grant_type'))
    if (grant === undefined) throw unsupportedGrantType()
    const refreshed = parameters.optional('refresh_token') ?? ''
    nameCaller(reply, callerOf(options.sessions.read(refreshed)))
    const tokens = await grant(asked, requestSourceOf(request), options)
    // RFC 6749 §5.1, in addition to `Cache-Control`: only a response with tokens.
    reply.header('pragma', 'no-cache')
    return tokens
  })
}

/**
 * RFC 6749 §4.4: a token for the machine client itself. There is no refresh token, because the
 * client can authenticate again.
 */
async function clientCredentials(
  { form, caller, begunMs }: OAuthRequest,
  source: RequestSource,
  { tokens, audit }: OAuthOptions
): Promise<OAuthTokenResponse> {
  const { client } = caller
  if (client === null) throw invalidClient('the grant requires client authentication')
  const scopeOfToken = clientScope(client, formReader(form, TokenForm).optional('scope'))
  const issued = await tokens.issueToClient(client, scopeOfToken, begunMs)
  const detail = { expiresIn: issued.expiresIn }
  await audit.write({ kind: 'client-token-issued', subject: client.id, sid: null, source, detail })
  const { token, expiresIn, scope } = issued
  return { access_token: token, token_type: 'Bearer', expires_in: expiresIn, scope }
}

/**
 * RFC 6749 §6. Sessions belong to the first-party client, and an attempt of another client must not
 * affect them.
 */
async function refreshToken(
  { form, caller }: OAuthRequest,
  source: RequestSource,
  { sessions }: OAuthOptions
): Promise<OAuthTokenResponse> {
  const parameters = formReader(form, TokenForm)
  const presented = parameters.required('refresh_token')
  if (!isFirstParty(caller)) throw invalidGrant('a session is not for another client')
  const { accessToken, refreshToken } = await sessions
    .refresh(sessions.read(presented), source, parameters.optional('scope'))
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
