import { Type } from 'typebox'
import { methods } from './methods.ts'

const words = (description: string) =>
  Type.Array(Type.String({ minLength: 1 }), { default: [], description })
export const optionalSeconds = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, description }))

export const accesses = ['signed-in', 'public', 'optional'] as const
export type Access = (typeof accesses)[number]

/** What may be demanded of a caller. */
export const demands = {
  scopes: words('Scopes that a token must carry, all of them.'),
  roles: words('Roles of which the caller must have one.'),
  maxLoginAgeSeconds: optionalSeconds(
    'The user must have proved who they are within so long; an older login is 401 and names max_age (RFC 9470).'
  )
}

const MethodDemand = Type.Object(
  {
    access: Type.Optional(
      Type.Enum([...accesses], { description: "In place of the route's own access." })
    ),
    ...demands
  },
  { additionalProperties: false }
)

export const ByMethod = Type.Partial(Type.Record(Type.Enum([...methods]), MethodDemand), {
  additionalProperties: false,
  minProperties: 1,
  description:
    "What a method demands besides the route's own demand, or with access in its place. A method that is not listed is 405; HEAD goes with GET. Methods of WebDAV and PURGE are taken only where they are listed."
})

/** What is demanded of a caller, of a row or of one of its methods. */
export type Demand = {
  readonly access?: Access
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  readonly maxLoginAgeSeconds?: number
}
