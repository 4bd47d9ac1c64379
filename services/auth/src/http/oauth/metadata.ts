import { SIGNING_KEYS_PATH } from '@gatehouse/access-token/settings'
import { Type } from 'typebox'
import { oauthPath, serverMetadata } from '../../oauth/server-metadata.ts'
import type { OAuthRoute } from './oauth-route.ts'

const MAX_AGE_SECONDS = 300

const url = (description: string, example: string) =>
  Type.String({ description, examples: [`https://api.example.com${example}`] })
const texts = (description: string, examples: string[]) =>
  Type.Array(Type.String(), { description, examples: [examples] })
const methods = (endpoint: string) =>
  texts(`How clients authenticate at the ${endpoint} endpoint.`, ['client_secret_basic'])
const algorithms = (endpoint: string) =>
  texts(`The algorithms of client assertions at the ${endpoint} endpoint.`, ['ES256'])

/** RFC 8414 §2 */
const Metadata = Type.Object(
  {
    issuer: url('The issuer of the tokens, and the address of this API.', ''),
    token_endpoint: url('Issues tokens.', oauthPath.token),
    token_endpoint_auth_methods_supported: methods('token'),
    token_endpoint_auth_signing_alg_values_supported: algorithms('token'),
    revocation_endpoint: url('Ends the session of a token.', oauthPath.revoke),
    revocation_endpoint_auth_methods_supported: methods('revocation'),
    revocation_endpoint_auth_signing_alg_values_supported: algorithms('revocation'),
    introspection_endpoint: url('Says whether a token is valid.', oauthPath.introspect),
    introspection_endpoint_auth_methods_supported: methods('introspection'),
    introspection_endpoint_auth_signing_alg_values_supported: algorithms('introspection'),
    jwks_uri: url('The keys that verify access tokens.', SIGNING_KEYS_PATH),
    acr_values_supported: texts('The authentication classes of access tokens.', ['aal1', 'aal2']),
    grant_types_supported: texts('The grants of the token endpoint.', ['client_credentials']),
    response_types_supported: texts('Empty: there is no authorization endpoint.', [])
  },
  { title: 'ServerMetadata', description: 'What OAuth clients need to know (RFC 8414).' }
)

const schema = {
  operationId: 'getServerMetadata',
  summary: 'Get the metadata for OAuth clients',
  description:
    'The addresses and capabilities of the OAuth endpoints (RFC 8414). OAuth libraries read it from the issuer.',
  tags: ['OAuth'],
  response: { 200: Metadata },
  successes: {
    200: {
      description: 'The metadata.',
      headers: {
        'cache-control': {
          description: 'For how many seconds the metadata may be cached.',
          required: true,
          schema: Type.String({ examples: [`max-age=${MAX_AGE_SECONDS}`] })
        }
      }
    }
  }
}

/** RFC 8414 §3 */
export const metadata: OAuthRoute = (service, { issuer }) => {
  const document = serverMetadata(issuer)
  service.get(oauthPath.metadata, { schema }, async (_request, reply) => {
    reply.header('cache-control', `max-age=${MAX_AGE_SECONDS}`).type('application/json')
    return document
  })
}
