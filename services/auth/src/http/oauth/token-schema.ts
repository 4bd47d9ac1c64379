import { type Static, Type } from 'typebox'
import { TOKEN_EXCHANGE } from '../../oauth/grant-types.ts'
import { tokenType } from '../../oauth/token/subject-token.ts'
import { refreshTokenExample } from '../fields.ts'
import {
  clientParameters,
  clientSecurity,
  commonErrors,
  tokenParameters
} from './client-parameters.ts'

/** RFC 8693 §2.1 */
const optional = (description: string, example: string) =>
  Type.Optional(Type.String({ description, examples: [example] }))
const exchangeParameters = {
  subject_token: optional(
    'Only for token exchange, which requires it: the token that the service received.',
    'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI3ZjFiMGE1MiJ9.c2lnbmF0dXJl'
  ),
  subject_token_type: optional(
    `Required with subject_token: ${tokenType.accessToken}, or ${tokenType.jwt} for the x-auth-assertion of a gateway.`,
    tokenType.jwt
  ),
  audience: optional(
    'Only for token exchange, which requires it: the audience of the new token, one of those that the client calls.',
    'inventory'
  ),
  roles: optional(
    'Only for token exchange, and an extension of RFC 8693: the roles that the new token keeps, separated by spaces. Default: those that the subject token has and the client may use.',
    'admin'
  ),
  requested_token_type: optional(
    `Only for token exchange. Always ${tokenType.accessToken}, which is the default.`,
    tokenType.accessToken
  ),
  resource: optional(
    'Only for token exchange. Not supported: audience names the target.',
    'https://inventory.example'
  ),
  actor_token: optional(
    'Only for token exchange. Not supported: the client that authenticates is the actor.',
    'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'
  ),
  actor_token_type: optional('Not supported, like actor_token.', tokenType.jwt)
}

export const TokenForm = Type.Object(
  {
    ...clientParameters,
    grant_type: Type.String({
      description: `client_credentials (RFC 6749 §4.4), refresh_token (§6) or ${TOKEN_EXCHANGE} (RFC 8693).`,
      examples: ['client_credentials']
    }),
    refresh_token: Type.Optional(
      Type.String({
        description: 'With grant_type=refresh_token, which requires it. Works once.',
        examples: [refreshTokenExample.presented]
      })
    ),
    scope: Type.Optional(
      Type.String({
        description:
          'A part of the scope of the client, of the session or of the subject token, separated by spaces. Default: all of it.',
        examples: ['orders:read']
      })
    ),
    ...exchangeParameters
  },
  { title: 'TokenRequest' }
)

/** RFC 6749 §5.1 */
export const OAuthTokenResponse = Type.Object(
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
        description: 'The next refresh token. Only with grant_type=refresh_token.',
        examples: [refreshTokenExample.next]
      })
    ),
    issued_token_type: Type.Optional(
      Type.Literal(tokenType.accessToken, {
        description: 'Only for token exchange: the type of access_token (RFC 8693 §2.2.1).',
        examples: [tokenType.accessToken]
      })
    ),
    scope: tokenParameters.scope
  },
  { title: 'OAuthTokenResponse', description: 'Tokens (RFC 6749 §5.1).' }
)
export type OAuthTokenResponse = Static<typeof OAuthTokenResponse>

export const tokenSchema = {
  operationId: 'issueToken',
  summary: 'Issue tokens',
  description:
    'Issues an access token to a machine client, or refreshes a session like POST /auth/refresh-token, with the same rules (RFC 6749). Only the public client refreshes sessions. A service exchanges a token that it received for one with which it calls another service as the same user (RFC 8693).',
  tags: ['OAuth'],
  security: clientSecurity,
  form: TokenForm,
  response: { 200: OAuthTokenResponse },
  successes: {
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
      invalid_request: `${commonErrors.invalidRequest} For token exchange also: the subject token is not valid, is revoked, or was not issued for this client.`,
      invalid_target: 'The client may not get a token for the audience.',
      unauthorized_client: 'The client may not exchange tokens.',
      invalid_grant:
        'The refresh token was used before, its session has ended, or it was issued by another server or to another client.',
      invalid_scope:
        'The scope or the roles exceed those of the client, the session or the subject token.',
      unsupported_grant_type: 'grant_type has another value.'
    },
    401: { invalid_client: commonErrors.invalidClient },
    429: { temporarily_unavailable: 'The session refreshes too often.' }
  }
}
