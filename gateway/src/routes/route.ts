import { type Static, Type } from 'typebox'

const Prefix = Type.String({ pattern: '^/([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*)?$' })
const Words = Type.Array(Type.String({ minLength: 1 }), { default: [] })

/** A row of the route table, as it is written in the file. */
export const RouteRow = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]*$' }),
    prefix: Type.Union([Prefix, Type.Array(Prefix, { minItems: 1 })]),
    /** the name of an upstream */
    upstream: Type.String({ minLength: 1 }),
    /** taken off the path before it is forwarded */
    stripPrefix: Type.Optional(Prefix),
    access: Type.Enum(['signed-in', 'public'], { default: 'signed-in' }),
    /** all of them are needed */
    scopes: Words,
    /** one of them is needed */
    roles: Words,
    /**
     * the credentials that this row's service is the one to see: the gateway's own cookies, or what an OAuth client proves
     * itself with in `Authorization` (RFC 6749 §2.3.1); never a bearer token
     */
    credentials: Type.Array(Type.Enum(['own-cookies', 'client-authentication']), { default: [] }),
    /** what the gateway's own refusals look like: problem details (RFC 9457), or as OAuth clients read them (RFC 6749 §5.2) */
    errors: Type.Enum(['problem', 'oauth'], { default: 'problem' }),
    /** a larger body is 413, and does not reach the service whole */
    bodyLimitBytes: Type.Integer({ minimum: 0, default: 1024 * 1024 }),
    /** requests from one address */
    limit: Type.Optional(
      Type.Object(
        {
          max: Type.Integer({ minimum: 1 }),
          windowSeconds: Type.Integer({ minimum: 1 })
        },
        { additionalProperties: false }
      )
    )
  },
  { additionalProperties: false }
)

export const RouteFile = Type.Object(
  {
    upstreams: Type.Record(Type.String(), Type.String({ pattern: '^https?://[^/?#@]+/?$' })),
    routes: Type.Array(RouteRow, { minItems: 1 })
  },
  { additionalProperties: false }
)
export type RouteFile = Static<typeof RouteFile>

/** A row as the stages read it. */
export type Route = Omit<Static<typeof RouteRow>, 'prefix' | 'upstream'> & {
  readonly prefixes: readonly string[]
  /** scheme and authority, e.g. `http://127.0.0.1:3002` */
  readonly upstream: string
}
