import { defaultPorts } from '@gatehouse/settings/default-ports'
import { httpUrl } from '@gatehouse/settings/http-url'
import { Type } from 'typebox'

/**
 * Where the auth service publishes its signing keys (RFC 7517), on its own listener and on the
 * gateway's.
 */
export const SIGNING_KEYS_PATH = '/.well-known/jwks.json'

/** The issuer of a gateway on this machine, if neither it nor the port of the gateway is set. */
export const LOCAL_ISSUER = `http://localhost:${defaultPorts.GATEWAY_PORT}`

/**
 * The issuer writes these values and every verifier requires them, so both read the same settings.
 */
export const tokenSettings = {
  TOKEN_ISSUER: httpUrl(LOCAL_ISSUER),
  TOKEN_AUDIENCE: Type.String({ default: 'gatehouse', minLength: 1 })
}
