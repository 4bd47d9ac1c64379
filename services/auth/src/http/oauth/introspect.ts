import { actorSchema } from '@gatehouse/access-token/delegation'
import { Type } from 'typebox'
import { INTROSPECT_SCOPE } from '../../clients/client.ts'
import { formReader } from '../../oauth/form/form-reader.ts'
import { invalidClient, mayNotIntrospect } from '../../oauth/oauth-refusals.ts'
import { oauthPath } from '../../oauth/server-metadata.ts'
import { uuid } from '../fields.ts'
import {
  clientParameters,
  clientSecurity,
  commonErrors,
  tokenParameters
} from './client-parameters.ts'
import type { OAuthRoute } from './oauth-route.ts'

const Form = Type.Object(
  {
    ...clientParameters,
    token: Type.String({
      description: 'The access token or refresh token.',
      examples: ['eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI3ZjFiMGE1MiJ9.c2lnbmF0dXJl']
    })
  },
  { title: 'IntrospectionRequest' }
)

const seconds = (description: string) =>
  Type.Optional(
    Type.Integer({
      description: `${description} In seconds since 1970.`,
      examples: [1_795_428_000]
    })
  )
const text = (description: string, example: string) =>
  Type.Optional(Type.String({ description, examples: [example] }))

/** RFC 8693 §4.1 */
const Actor = actorSchema(uuid('The machine client that acts.'), {
  latest: {
    title: 'Actor',
    description: 'The service that acts for the user with an exchanged token.'
  },
  earlier: { description: 'The service that acted before it.' }
})

/** RFC 7662 §2.2 */
const Introspection = Type.Object(
  {
    active: Type.Boolean({
      examples: [false],
      description: 'Whether the token is valid now. If not, there is no other member.'
    }),
    token_type: Type.Optional(
      Type.Literal('Bearer', { description: 'Only for an access token.', examples: ['Bearer'] })
    ),
    iss: text('The issuer.', 'https://api.example.com'),
    aud: Type.Optional(
      Type.Union(
        [
          Type.String({ examples: ['https://api.example.com'] }),
          Type.Array(Type.String({ examples: ['https://api.example.com'] }))
        ],
        { description: 'The audience of the token. For a refresh token: the issuer.' }
      )
    ),
    sub: Type.Optional(uuid('The user, or the machine client itself.')),
    client_id: Type.Optional(tokenParameters.clientId),
    scope: Type.Optional(tokenParameters.scope),
    exp: seconds('When the token expires.'),
    iat: seconds('When the token was issued.'),
    nbf: seconds('Before this time, the token is not valid. Only for an access token.'),
    jti: Type.Optional(uuid('The id of an access token.')),
    sid: text('The session. Absent for a machine client.', 'Wb0oJ0m9pQ4hUu0mJ0b1Yw'),
    acr: text('How well the user is authenticated: aal1 or aal2 (two factors).', 'aal1'),
    auth_time: seconds('When the user last proved who they are.'),
    act: Type.Optional(Actor)
  },
  { title: 'Introspection', description: 'The state of a token (RFC 7662 §2.2).' }
)

const schema = {
  operationId: 'introspectToken',
  summary: 'Introspect a token',
  description: `Says whether a token is valid, and whose it is (RFC 7662). Only for machine clients with the scope ${INTROSPECT_SCOPE}. An exchanged token is active only for a client that is registered with its audience. Changes nothing.`,
  tags: ['OAuth'],
  security: clientSecurity,
  form: Form,
  response: { 200: Introspection },
  successes: { 200: { description: 'The state of the token.' } },
  oauthErrors: {
    400: { invalid_request: commonErrors.invalidRequest },
    401: { invalid_client: commonErrors.invalidClient },
    403: { access_denied: `The client does not have the scope ${INTROSPECT_SCOPE}.` }
  }
}

/**
 * RFC 7662. Only for clients with the right scope: anyone else could find out whether a stolen
 * token is active (§4).
 */
export const introspect: OAuthRoute = (service, { read, introspect }) => {
  service.post(oauthPath.introspect, { schema }, async (request, reply) => {
    const { form, caller } = await read(request, reply)
    if (caller.client === null) throw invalidClient('introspection requires client authentication')
    if (!caller.client.scope.includes(INTROSPECT_SCOPE)) throw mayNotIntrospect()
    return await introspect(formReader(form, Form).required('token'), caller.client)
  })
}
