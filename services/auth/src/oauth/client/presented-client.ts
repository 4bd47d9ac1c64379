import { isUtf8 } from 'node:buffer'
import { FIRST_PARTY_CLIENT } from '../../clients/client.ts'
import { type FormParameters, formDecoded } from '../form/form-parameters.ts'
import { invalidClient, malformedRequest } from '../oauth-refusals.ts'

/** The client that a request names, and its credentials. Nothing is checked yet. */
export type PresentedClient =
  | { readonly method: 'none'; readonly clientId: string | null }
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post'
      readonly clientId: string
      readonly secret: string
    }
  | {
      readonly method: 'private_key_jwt'
      /** from the form; the assertion also names the client */
      readonly clientId: string | null
      readonly assertion: string
    }

/** RFC 7523 §2.2 */
export const CLIENT_ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i

/**
 * Reads the credentials of a client. At most one method (RFC 6749 §2.3): if two contradicted each
 * other, one would have to win.
 * @throws OAuthRefusal invalid_request, invalid_client
 */
export function presentedClient(
  authorization: string | undefined,
  form: FormParameters
): PresentedClient {
  const clientId = form.get('client_id') ?? null
  const secret = form.get('client_secret')
  const assertion = form.get('client_assertion')
  const assertionType = form.get('client_assertion_type')
  const ways = [authorization, secret, assertion ?? assertionType]
  if (ways.filter((way) => way !== undefined).length > 1) {
    throw malformedRequest('a client authenticates in one way only')
  }
  if (authorization !== undefined) return basic(authorization, clientId)
  if (secret !== undefined) {
    if (clientId === null) throw malformedRequest('client_id is missing')
    return { method: 'client_secret_post', clientId, secret }
  }
  if (assertion === undefined && assertionType === undefined) return { method: 'none', clientId }
  if (assertionType !== CLIENT_ASSERTION_TYPE) {
    throw malformedRequest(`client_assertion_type must be ${CLIENT_ASSERTION_TYPE}`)
  }
  if (assertion === undefined) throw malformedRequest('client_assertion is missing')
  return { method: 'private_key_jwt', clientId, assertion }
}

/**
 * RFC 6749 §2.3.1: id and secret are each form-encoded before they become user-id and password (RFC
 * 7617).
 */
function basic(authorization: string, clientId: string | null): PresentedClient {
  const encoded = BASIC.exec(authorization)?.[1]
  const bytes = Buffer.from(encoded ?? '', 'base64')
  const text = isUtf8(bytes) ? bytes.toString() : ''
  const colon = text.indexOf(':')
  const id = formDecoded(text.slice(0, Math.max(0, colon)))
  const secret = formDecoded(text.slice(colon + 1))
  // Libraries such as golang.org/x/oauth2 send the name of a public client with an empty password.
  if (text === `${FIRST_PARTY_CLIENT}:` && [null, FIRST_PARTY_CLIENT].includes(clientId)) {
    return { method: 'none', clientId: FIRST_PARTY_CLIENT }
  }
  if (!id || !secret || colon < 0) {
    throw invalidClient('Authorization does not contain a client id and a secret')
  }
  if (clientId !== null && clientId !== id) {
    throw malformedRequest('client_id is not the client that authenticates')
  }
  return { method: 'client_secret_basic', clientId: id, secret }
}
