import { Type } from 'typebox'
import { type ClientAuthenticationMethod, FIRST_PARTY_CLIENT } from '../../clients/client.ts'
import { clientSecretExample } from '../../clients/client-secret.ts'
import { CLIENT_ASSERTION_TYPE } from '../../oauth/client/presented-client.ts'
import { uuid } from '../fields.ts'

const secretInBody: ClientAuthenticationMethod = 'client_secret_post'
const signedAssertion: ClientAuthenticationMethod = 'private_key_jwt'

const optionalText = (description: string, example: string) =>
  Type.Optional(Type.String({ description, examples: [example] }))

/**
 * The parameters by which a client names itself and authenticates (RFC 6749 §2.3, RFC 7523 §2.2).
 */
export const clientParameters = {
  client_id: optionalText(
    `The client. Absent or ${FIRST_PARTY_CLIENT}: the public client of this API's own logins, which does not authenticate.`,
    FIRST_PARTY_CLIENT
  ),
  client_secret: optionalText(
    `The secret of a client that is registered with ${secretInBody}.`,
    clientSecretExample
  ),
  client_assertion_type: optionalText(
    'With client_assertion, always this value.',
    CLIENT_ASSERTION_TYPE
  ),
  client_assertion: optionalText(
    `A JWT signed by a client that is registered with ${signedAssertion}. It works once.`,
    'eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiIxIn0.c2lnbmF0dXJl'
  )
}

/** Parameters of a response about a token. */
export const tokenParameters = {
  scope: Type.String({
    description: 'The scopes of the token, separated by spaces.',
    examples: ['orders:read orders:write']
  }),
  clientId: uuid(
    `The client that got the token: the id of a machine client, or ${FIRST_PARTY_CLIENT}.`
  )
}

/** Errors that every endpoint can answer with. */
export const commonErrors = {
  invalidRequest: 'A parameter is missing, given twice or malformed, or is in the query.',
  invalidClient:
    'The client is unknown or disabled, or its secret, its method or its assertion is wrong.'
}

/** Machine clients authenticate; some endpoints also accept the public client. */
export const clientSecurity = [{ clientSecretBasic: [] }, {}]
