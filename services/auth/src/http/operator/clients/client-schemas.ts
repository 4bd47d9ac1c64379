import { Type } from 'typebox'
import { clientAuthenticationMethods } from '../../../clients/client.ts'
import { clientSecretExample } from '../../../clients/client-secret.ts'
import { instant, uuid } from '../../fields.ts'
import { Roles } from '../users/roles-and-scopes.ts'

const Method = Type.Enum([...clientAuthenticationMethods], {
  default: 'client_secret_basic',
  description: 'The one method by which the client authenticates (RFC 7591 §2).'
})
const ClientScope = Type.String({ minLength: 1, maxLength: 1024, examples: ['orders:read'] })
const Audience = Type.String({ minLength: 1, maxLength: 255, examples: ['orders'] })
const audiences = {
  receives: Type.Array(Audience, {
    maxItems: 32,
    description:
      'The audiences of the client itself: it may exchange and introspect tokens that were issued for them. For assertions, this is the audience of the route to the client.',
    examples: [['orders']]
  }),
  calls: Type.Array(Audience, {
    maxItems: 32,
    description: 'The audiences for which the client may get tokens by exchange (RFC 8693).',
    examples: [['inventory']]
  })
}
const ClientRoles = Type.Array(Roles.items, {
  maxItems: 64,
  description: 'The roles of users that tokens of the client may have after an exchange.',
  examples: [['admin']]
})
export const Audiences = Type.Object(
  { ...audiences, roles: Type.Optional(ClientRoles) },
  { additionalProperties: false, title: 'ClientAudiences' }
)
export const ClientBody = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'A name for people.',
      examples: ['billing']
    }),
    scope: Type.Array(ClientScope, {
      maxItems: 64,
      description: 'The largest scope that the client can get.',
      examples: [['orders:read']]
    }),
    receives: Type.Optional(audiences.receives),
    calls: Type.Optional(audiences.calls),
    roles: Type.Optional(ClientRoles),
    authenticationMethod: Type.Optional(Method),
    // Its members are checked when it is stored.
    jwks: Type.Optional(
      Type.Object(
        {},
        {
          additionalProperties: true,
          description: 'The public keys of the client (RFC 7517). Required for private_key_jwt.'
        }
      )
    )
  },
  { additionalProperties: false, title: 'NewClient' }
)
export const ClientResponse = Type.Object(
  {
    id: uuid('The client_id, and sub in its access tokens.'),
    name: Type.String({ description: 'A name for people.', examples: ['billing'] }),
    scope: Type.Array(Type.String({ examples: ['orders:read'] }), {
      description: 'The largest scope that the client can get.'
    }),
    ...audiences,
    roles: Type.Union([ClientRoles, Type.Null()], {
      description:
        'The roles of users that tokens of the client may have after an exchange; null: all of them.'
    }),
    authenticationMethod: Type.String({
      description: `One of ${clientAuthenticationMethods.join(', ')}.`,
      examples: ['client_secret_basic']
    }),
    disabled: Type.Boolean({
      examples: [false],
      description: 'Whether the client gets no tokens.'
    }),
    createdAt: instant('When the client was created.')
  },
  { title: 'Client', description: 'A machine client.' }
)
export const NewSecret = Type.Object(
  {
    secretId: Type.Integer({ description: 'The number of the secret.', examples: [1] }),
    secret: Type.String({
      description: 'The client_secret. No later response contains it.',
      examples: [clientSecretExample]
    })
  },
  { title: 'NewSecret' }
)
