import t from 'tap'
import { serverMetadata } from '../../../src/oauth/server-metadata.ts'
import { ISSUER } from '../../fixtures/auth-config.ts'
import { authService } from '../../fixtures/auth-service.ts'

t.test('the metadata has the endpoints and their methods (RFC 8414)', async (t) => {
  const { get } = await authService(t)
  const answer = await get('/.well-known/oauth-authorization-server')
  t.equal(answer.statusCode, 200)
  t.match(answer.headers, {
    'content-type': /^application\/json/,
    'cache-control': 'max-age=300'
  })
  const anyone = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']
  const algorithms = ['ES256', 'Ed25519', 'EdDSA', 'RS256', 'PS256']
  t.strictSame(answer.json(), {
    issuer: ISSUER,
    token_endpoint: `${ISSUER}/oauth/token`,
    token_endpoint_auth_methods_supported: anyone,
    token_endpoint_auth_signing_alg_values_supported: algorithms,
    revocation_endpoint: `${ISSUER}/oauth/revoke`,
    revocation_endpoint_auth_methods_supported: anyone,
    revocation_endpoint_auth_signing_alg_values_supported: algorithms,
    introspection_endpoint: `${ISSUER}/oauth/introspect`,
    introspection_endpoint_auth_methods_supported: anyone.slice(0, 3),
    introspection_endpoint_auth_signing_alg_values_supported: algorithms,
    jwks_uri: `${ISSUER}/.well-known/jwks.json`,
    acr_values_supported: ['aal1', 'aal2'],
    grant_types_supported: [
      'client_credentials',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:token-exchange'
    ],
    response_types_supported: []
  })
})

t.test('an issuer with a trailing slash has the same endpoints', async (t) => {
  const { issuer, token_endpoint } = serverMetadata('https://issuer.example/')
  t.equal(issuer, 'https://issuer.example/', 'an issuer is compared as it is written')
  t.equal(token_endpoint, 'https://issuer.example/oauth/token')
})
