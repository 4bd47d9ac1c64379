import { Type } from 'typebox'
import { methods } from './methods.ts'

const scopes = Type.Array(
  Type.String({
    title: 'a scope, without space, quotation mark and backslash',
    // scope-token (RFC 6749, 3.3): another one is in no token.
    pattern: '^[!#-[\\]-~]+$'
  }),
  {
    title: 'a list of scopes, for example [orders:read]',
    default: [],
    description: 'The token must have all of these scopes.'
  }
)
const roles = Type.Array(Type.String({ minLength: 1 }), {
  title: 'a list of words, for example [admin]',
  default: [],
  description: 'The user must have one of these roles.'
})
export const optionalSeconds = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, description }))

export const accesses = ['signed-in', 'public', 'optional'] as const
export type Access = (typeof accesses)[number]

/** What a route or a method may require of a request. */
export const demands = {
  scopes,
  roles,
  maxLoginAgeSeconds: optionalSeconds(
    'The maximum age of the login; an older one gets 401 with max_age (RFC 9470).'
  ),
  acrValues: Type.Array(
    Type.String({
      title: 'an authentication class, without spaces, quotation marks or backslashes',
      // They are written into a header.
      pattern: '^[!#-[\\]-~]+$'
    }),
    {
      title: 'a list of authentication classes, for example [aal2]',
      default: [],
      description:
        'The acr of the token must be one of these, for example [aal2]; else 401 with acr_values (RFC 9470).'
    }
  )
}

const MethodDemand = Type.Object(
  {
    access: Type.Optional(
      Type.Enum([...accesses], { description: "Replaces the route's own access for this method." })
    ),
    ...demands
  },
  { additionalProperties: false }
)

export const ByMethod = Type.Partial(Type.Record(Type.Enum([...methods]), MethodDemand), {
  additionalProperties: false,
  title: 'a map of methods, for example { GET: {}, POST: { scopes: [orders:write] } }',
  minProperties: 1,
  description:
    'What each method requires, in addition to the requirements of the route; access replaces the access of the route. A method that is not listed gets 405; HEAD follows GET. WebDAV methods and PURGE are accepted only if they are listed.'
})

/** The requirements of a route or of one of its methods. */
export type Demand = {
  readonly access?: Access
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  readonly maxLoginAgeSeconds?: number
  readonly acrValues: readonly string[]
}
