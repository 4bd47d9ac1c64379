import { OAuthRefusal } from '@gatehouse/problem/oauth-error'
import type { RequestSource } from '../../audit/audit-event.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import { type Client, FIRST_PARTY_CLIENT } from '../../clients/client.ts'
import { isOneOf } from '../../clients/client-secret.ts'
import type { Clients } from '../../clients/open-clients.ts'
import { isUuid } from '../../database/statements/uuid.ts'
import type { FormParameters } from '../form/form-parameters.ts'
import { invalidClient, malformedRequest } from '../oauth-refusals.ts'
import { assertedClientId, checkAssertion } from './client-assertion.ts'
import { type PresentedClient, presentedClient } from './presented-client.ts'

/**
 * The caller of an OAuth endpoint: a machine client that has authenticated, a caller that only
 * names a client, or one that names none.
 */
export type OAuthCaller =
  | { readonly client: Client }
  | { readonly client: null; readonly clientId: string | null }

type AuthenticateClient = (
  authorization: string | undefined,
  form: FormParameters,
  source: RequestSource
) => Promise<OAuthCaller>

type Proof = Exclude<PresentedClient, { method: 'none' }>

type Options = {
  readonly clients: Pick<Clients, 'findById' | 'validSecrets' | 'firstUse'>
  readonly audit: AuditLog
  /** the accepted audiences of an assertion */
  readonly audiences: readonly string[]
  readonly clock: () => number
}

/**
 * Client authentication (RFC 6749 §2.3, RFC 7523 §2.2). A client has exactly one method: if a
 * secret were accepted as well, a key would be worth no more than a secret. A failure is audited,
 * and its reason is only in the log.
 * @throws OAuthRefusal invalid_client, invalid_request
 */
export function clientAuthentication(options: Options): AuthenticateClient {
  const { clients, audit, audiences, clock } = options

  const find = async (id: string | null): Promise<Client> => {
    const client = id !== null && isUuid(id) ? await clients.findById(id) : null
    if (client === null) throw invalidClient('the client is unknown')
    return client
  }

  const prove = async (client: Client, presented: Proof): Promise<void> => {
    if (client.disabled) throw invalidClient('the client is disabled')
    if (presented.method !== client.authenticationMethod) {
      throw invalidClient('the client is registered with another method')
    }
    if (presented.method !== 'private_key_jwt') {
      const digests = await clients.validSecrets(client.id)
      if (!isOneOf(presented.secret, digests)) throw invalidClient('the secret is wrong')
      return
    }
    const nowSeconds = Math.floor(clock() / 1000)
    const expected = { audiences, nowSeconds }
    const { jti, expiresAt } = await checkAssertion(presented.assertion, client, expected)
    const isFirst = await clients.firstUse(client.id, jti, expiresAt, nowSeconds)
    if (!isFirst) throw invalidClient('the assertion was used before')
  }

  return async (authorization, form, source) => {
    let subject: string | null = null
    try {
      const presented = presentedClient(authorization, form)
      if (presented.method === 'none') return { client: null, clientId: presented.clientId }
      const client = await find(idOf(presented))
      subject = client.id
      await prove(client, presented)
      return { client }
    } catch (error) {
      if (error instanceof OAuthRefusal && error.error === 'invalid_client') {
        await audit.write({ kind: 'client-authentication-failed', subject, sid: null, source })
      }
      throw error
    }
  }
}

/**
 * The client that must authenticate.
 * @throws OAuthRefusal invalid_request if the form names another client than the assertion (RFC
 * 7521 §4.2)
 */
function idOf(presented: Proof): string | null {
  if (presented.method !== 'private_key_jwt') return presented.clientId
  const asserted = assertedClientId(presented.assertion)
  if (presented.clientId !== null && presented.clientId !== asserted) {
    throw malformedRequest('client_id is not the client of the assertion')
  }
  return asserted
}

/**
 * Whether the caller is the public client of this API's own logins, which does not authenticate
 * (RFC 6749 §2.1).
 */
export const isFirstParty = (caller: OAuthCaller): boolean =>
  caller.client === null && [null, FIRST_PARTY_CLIENT].includes(caller.clientId)
