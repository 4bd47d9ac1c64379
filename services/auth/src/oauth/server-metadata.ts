import { publicUrl } from '@gatehouse/access-token/public-url'
import { SIGNING_KEYS_PATH } from '@gatehouse/access-token/settings'
import { clientAuthenticationMethods } from '../clients/client.ts'
import { assertionAlgorithms } from '../clients/client-keys.ts'
import { ONE_FACTOR, TWO_FACTORS } from '../tokens/authentication-class.ts'
import { TOKEN_EXCHANGE } from './grant-types.ts'

/** The paths of the OAuth endpoints, below the issuer. */
export const oauthPath = {
  token: '/oauth/token',
  revoke: '/oauth/revoke',
  introspect: '/oauth/introspect',
  metadata: '/.well-known/oauth-authorization-server'
} as const

/** The metadata for OAuth clients (RFC 8414 §2). */
export function serverMetadata(issuer: string) {
  const authenticated = [...clientAuthenticationMethods]
  // `none`: the public client of this API's own logins.
  const anyone = [...authenticated, 'none']
  const algorithms = [...assertionAlgorithms]
  return {
    issuer,
    token_endpoint: publicUrl(issuer, oauthPath.token),
    token_endpoint_auth_methods_supported: anyone,
    token_endpoint_auth_signing_alg_values_supported: algorithms,
    revocation_endpoint: publicUrl(issuer, oauthPath.revoke),
    revocation_endpoint_auth_methods_supported: anyone,
    revocation_endpoint_auth_signing_alg_values_supported: algorithms,
    introspection_endpoint: publicUrl(issuer, oauthPath.introspect),
    introspection_endpoint_auth_methods_supported: authenticated,
    introspection_endpoint_auth_signing_alg_values_supported: algorithms,
    jwks_uri: publicUrl(issuer, SIGNING_KEYS_PATH),
    // The classes that an access token can have, for step-up (RFC 9470 §4).
    acr_values_supported: [ONE_FACTOR, TWO_FACTORS],
    grant_types_supported: ['client_credentials', 'refresh_token', TOKEN_EXCHANGE],
    // Required by RFC 8414. Empty, because users sign in through this API, and there is no
    // authorization endpoint.
    response_types_supported: []
  }
}
