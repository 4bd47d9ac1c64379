import { Type } from 'typebox'
import { FIRST_PARTY_CLIENT } from '../../clients/client.ts'
import { isFirstParty } from '../../oauth/client/authenticate-client.ts'
import { formReader } from '../../oauth/form/form-reader.ts'
import { invalidClient } from '../../oauth/oauth-refusals.ts'
import { oauthPath } from '../../oauth/server-metadata.ts'
import { refreshTokenExample } from '../fields.ts'
import { callerOf, nameCaller } from '../name-caller.ts'
import { requestSourceOf } from '../request-source.ts'
import { clientParameters, clientSecurity, commonErrors } from './client-parameters.ts'
import type { OAuthRoute } from './oauth-route.ts'

const Form = Type.Object(
  {
    ...clientParameters,
    token: Type.String({
      description: 'A refresh token of a session, or an access token of one.',
      examples: [refreshTokenExample.next]
    })
  },
  { title: 'RevocationRequest' }
)

const schema = {
  operationId: 'revokeToken',
  summary: 'End the session of a token',
  description:
    'Ends the session of a token (RFC 7009). Within a second, every gateway refuses its access tokens. The response is 200 even if the token is unknown or has expired.',
  tags: ['OAuth'],
  security: clientSecurity,
  form: Form,
  successes: { 200: { description: 'The session has ended. The body is empty.' } },
  oauthErrors: {
    400: {
      invalid_request: commonErrors.invalidRequest,
      invalid_grant: 'The token was issued to another client.',
      unsupported_token_type:
        'The access token of a machine client has no session, so it cannot be revoked. It expires.'
    },
    401: { invalid_client: commonErrors.invalidClient }
  }
}

/** RFC 7009. 200 even for an unknown token (§2.2). */
export const revoke: OAuthRoute = (service, { read, revoke, sessions }) => {
  service.post(oauthPath.revoke, { schema }, async (request, reply) => {
    const { form, caller } = await read(request, reply)
    const token = formReader(form, Form).required('token')
    nameCaller(reply, callerOf(sessions.read(token)))
    if (caller.client === null && !isFirstParty(caller)) {
      throw invalidClient('another client than the public one, without proof')
    }
    await revoke(token, caller.client?.id ?? FIRST_PARTY_CLIENT, requestSourceOf(request))
    return reply.code(200).send()
  })
}
