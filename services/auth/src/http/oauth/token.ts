import { Refusal } from '@gatehouse/problem/refusal'
import { type Static, Type } from 'typebox'
import type { RequestSource } from '../../audit/audit-event.ts'
import { isFirstParty } from '../../oauth/authenticate-client.ts'
import { clientScope } from '../../oauth/client-scope.ts'
import { formReader } from '../../oauth/form-reader.ts'
import {
  invalidClient,
  invalidGrant,
  invalidScope,
  unsupportedGrantType
} from '../../oauth/oauth-refusals.ts'
import { oauthPath } from '../../oauth/server-metadata.ts'
import { requestSourceOf } from '../request-source.ts'
import {
  clientParameters,
  clientSecurity,
  commonErrors,
  tokenParameters
} from './client-parameters.ts'
import type { OAuthOptions, OAuthRequest, OAuthRoute } from './oauth-route.ts'

const Form = Type.Object(
  {
    ...clientParameters,
    grant_type: Type.String({
      description: 'client_credentials (RFC 6749 §4.4) or refresh_token (§6).',
      examples: ['client_credentials']
    }),
    refresh_token: Type.Optional(
      Type.String({
        description: 'With grant_type=refresh_token, which requires it. Works once.',
        examples: ['gr1.7.q1mZ6ZpJ3nYt0Wm4a8kVx2.1.b2VxE0o9W1lQn5cT7yB2dA']
      })
    ),
    scope: Type.Optional(
      Type.String({
        description:
          'A part of the scope of the client or of the session, separated by spaces. Default: all of it.',
        examples: ['orders:read']
      })
    )
  },
  { title: 'TokenRequest' }
)

/** RFC 6749 §5.1 */
const TokenAnswer = Type.Object(
  {
    access_token: Type.String({
      description: 'A signed JWT (RFC 9068). Send it as Authorization: Bearer.',
      examples: ['eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI3ZjFiMGE1MiJ9.c2lnbmF0dXJl']
    }),
    token_type: Type.Literal('Bearer', { description: 'Always Bearer.', examples: ['Bearer'] }),
    expires_in: Type.Integer({
      description: 'Seconds until the access token expires.',
      examples: [291]
    }),
    refresh_token: Type.Optional(
      Type.String({
        description: 'The next refresh token. Absent with grant_type=client_credentials.',
        examples: ['gr1.7.q1mZ6ZpJ3nYt0Wm4a8kVx2.2.k3VxE0o9W1lQn5cT7yB2dA']
      })
    ),
    scope: tokenParameters.scope
  },
  { title: 'OAuthTokenResponse', description: 'Tokens (RFC 6749 §5.1).' }
)
type TokenAnswer = Static<typeof TokenAnswer>

type Grant = (
  request: OAuthRequest,
  source: RequestSource,
  options: OAuthOptions
) => Promise<TokenAnswer>

const grants: ReadonlyMap<string, Grant> = new Map<string, Grant>([
  ['client_credentials', clientCredentials],
  ['refresh_token', refreshToken]
])

const schema = {
  operationId: 'issueToken',
  summary: 'Issue tokens',
  description:
    'Issues an access token to a machine client, or refreshes a session like POST /auth/refresh-token, with the same rules (RFC 6749). Only the public client refreshes sessions.',
  tags: ['OAuth'],
  security: clientSecurity,
  form: Form,
  response: { 200: TokenAnswer },
  answers: {
    200: {
      description: 'The tokens.',
      headers: {
        pragma: {
          description: 'Always no-cache (RFC 6749 §5.1).',
          required: true,
          schema: Type.String({ examples: ['no-cache'] })
        }
      }
    }
  },
  oauthErrors: {
    400: {
      invalid_request: commonErrors.invalidRequest,
      invalid_grant:
        'The refresh token was used before, its session has ended, or it was issued by another server or to another client.',
      invalid_scope: 'The scope is more than the client or the session has.',
      unsupported_grant_type: 'grant_type is neither client_credentials nor refresh_token.'
    },
    401: { invalid_client: commonErrors.invalidClient },
    429: { temporarily_unavailable: 'The session refreshes too often.' }
  }
}

export const token: OAuthRoute = (service, options) => {
  service.post(oauthPath.token, { schema }, async (request, reply) => {
    const asked = await options.read(request)
    const grant = grants.get(formReader(asked.form, Form).required('grant_type'))
    if (grant === undefined) throw unsupportedGrantType()
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
): Promise<TokenAnswer> {
  const { client } = caller
  if (client === null) throw invalidClient('a grant for clients that authenticate')
  const scopeOfToken = clientScope(client, formReader(form, Form).optional('scope'))
  const issued = tokens.issueToClient(client, scopeOfToken, begunMs)
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
): Promise<TokenAnswer> {
  const parameters = formReader(form, Form)
  const presented = parameters.required('refresh_token')
  if (!isFirstParty(caller)) throw invalidGrant('a session is not for another client')
  const { accessToken, refreshToken } = await sessions
    .refresh(presented, source, parameters.optional('scope'))
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
