import { httpUrl } from '@gatehouse/settings/fragments'
import { Type } from 'typebox'

/** Where the auth service publishes its signing keys (RFC 7517), on its own listener and on the gateway's. */
export const SIGNING_KEYS_PATH = '/.well-known/jwks.json'

/** The issuer writes these values and every verifier requires them, so both read the same settings. */
export const tokenSettings = {
  TOKEN_ISSUER: httpUrl('http://localhost:3000'),
  TOKEN_AUDIENCE: Type.String({ default: 'gatehouse', minLength: 1 })
}
