import { type Static, Type } from 'typebox'
import { RouteCors } from '../cross-origin/cors-policy.ts'
import { ClaimPath } from '../tokens/claim-path.ts'
import { accesses, ByMethod, type Demand, demands, optionalSeconds } from './demand-schema.ts'
import type { Method } from './methods.ts'
import { type Upstream, UpstreamRow } from './upstream.ts'

const prefixPattern = '^/([A-Za-z0-9._~:@-]+(/[A-Za-z0-9._~:@-]+)*)?$'
const Prefix = Type.String({ pattern: prefixPattern })
/** in the headers of an answer, whatever a route says; over HTTP/2, clients read 9 frames of 16 KiB (nghttp2) */
export const LARGEST_ANSWER_HEADER_BYTES = 128 * 1024

const leniency = (description: string) =>
  Type.Enum(['refuse', 'pass'], { default: 'refuse', description })
const flag = (description: string) => Type.Boolean({ default: false, description })

const Limit = Type.Object(
  {
    max: Type.Integer({ minimum: 1, description: 'How many requests.' }),
    windowSeconds: Type.Integer({ minimum: 1, description: 'In how long.' }),
    by: Type.Optional(
      Type.Enum(['address', 'subject', 'client'], {
        description:
          'Whose requests are counted together; those of an address, where it is not said, and where nobody is signed in. An IPv6 address counts by its /64.'
      })
    ),
    shared: Type.Optional(
      Type.Boolean({
        description:
          'Counted in Redis for all gateways together; while Redis is away, by each gateway for itself.'
      })
    )
  },
  { additionalProperties: false }
)
export type Limit = Required<Static<typeof Limit>>

/** The members of an identity that a row can forward, each as its header. */
export const forwardable = [
  ...(['subject', 'session', 'client', 'roles', 'scope', 'email', 'expires'] as const),
  'assertion'
] as const

/** A claim of the token that a service gets under a name: `x-auth-claim-<name>`, and `claims.<name>` of the assertion. */
export type NamedClaim = { readonly name: string; readonly path: ClaimPath }

const TokenClaims = Type.Union(
  [
    Type.Array(
      Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$', maxLength: 64 })
    ),
    Type.Record(Type.String(), ClaimPath, {
      propertyNames: { pattern: '^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$' }
    })
  ],
  {
    description:
      'Claims of the token that are forwarded as x-auth-claim-<name> and in the assertion: their names, in which _ becomes -, or each with the name of its header (tenant: https://acme.example/tenant).'
  }
)

/** A row of the route table, as it is written in the file. */
export const RouteRow = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9][a-z0-9-]*$',
      description: 'Unique; assertions are made for it, and the log names it.'
    }),
    prefix: Type.Union([Prefix, Type.Array(Prefix, { minItems: 1 })], {
      description: 'The longest prefix wins; it ends where a segment ends: /orders is not /ordersX.'
    }),
    upstream: Type.String({ minLength: 1, description: 'The name of an upstream.' }),
    stripPrefix: Type.Optional(
      Type.String({
        pattern: prefixPattern,
        description:
          'Taken off the path before it is forwarded. The service gets it as x-forwarded-prefix.'
      })
    ),
    access: Type.Enum([...accesses], {
      default: 'signed-in',
      description:
        'signed-in: an access token is required. public: nobody is asked who they are, and no identity is forwarded. optional: the identity of a good token is forwarded, a bad token is 401, and a request without a token is anonymous.'
    }),
    ...demands,
    methods: Type.Optional(ByMethod),
    credentials: Type.Array(Type.Enum(['own-cookies', 'client-authentication', 'authorization']), {
      default: [],
      description:
        "The credentials that this row's service is the one to see. own-cookies: the gateway's own cookies. client-authentication: what an OAuth client proves itself with in Authorization (RFC 6749 §2.3.1), never a bearer token. authorization: the Authorization header of a public route, for a service with keys of its own; a header with a token of our auth service or of an issuer in the issuer file is never passed on."
    }),
    claims: Type.Array(Type.Enum([...forwardable]), {
      default: [...forwardable],
      description: 'What of the identity is forwarded, each as its x-auth-* header.'
    }),
    tokenClaims: Type.Optional(TokenClaims),
    errors: Type.Enum(['problem', 'oauth'], {
      default: 'problem',
      description:
        "What the gateway's own refusals look like: problem details (RFC 9457), or as OAuth clients read them (RFC 6749 §5.2)."
    }),
    limit: Type.Optional(Type.Union([Limit, Type.Array(Limit, { minItems: 1, maxItems: 4 })])),
    bodyLimitBytes: Type.Integer({
      minimum: 0,
      default: 1024 * 1024,
      description: 'A larger body is 413, and does not reach the service whole.'
    }),
    bodyOnGet: flag('A GET may have a body, for services that read one (search engines).'),
    answerHeaderBytes: Type.Integer({
      minimum: 1024,
      maximum: LARGEST_ANSWER_HEADER_BYTES,
      default: 64 * 1024,
      description: "How large the headers of the service's answer may be; over it 502."
    }),
    answerPaths: Type.Enum(['rewrite', 'keep'], {
      default: 'rewrite',
      description:
        "rewrite: Location, Content-Location, Refresh and the paths of cookies that name the service's own address and paths get those of its clients, so that they stay below stripPrefix. keep: they stay as the service wrote them."
    }),
    answerSeconds: optionalSeconds(
      'How long the service may take to begin its answer; GATEWAY_UPSTREAM_TIMEOUT_SECONDS where it is not given.'
    ),
    idleSeconds: Type.Integer({
      minimum: 1,
      default: 60,
      description:
        'How long an answer may pause, how long a client may leave it unread, and a WebSocket may be without a sign of life.'
    }),
    retries: Type.Integer({
      minimum: 0,
      maximum: 3,
      default: 0,
      description:
        'How often a GET, HEAD or OPTIONS is sent again where the service broke off before it answered. What never reached a service is sent to another one in any case.'
    }),
    encodedSlashes: leniency(
      'pass: the path may hold %2F, which belongs to a name (RabbitMQ, GitLab, npm). Only for a service that divides the path before it decodes it.'
    ),
    encodedDelimiters: leniency(
      'pass: the path may hold %23, %25, %3B and %3F, as in C%23 and 100%25. Only for a service that decodes the path once, and after it has divided it.'
    ),
    cors: Type.Optional(RouteCors),
    preflights: Type.Enum(['gateway', 'service'], {
      default: 'gateway',
      description:
        'Who answers the preflights of pages of other origins. service: they reach the service without a token and without an identity, and what it says of origins stands, on every answer.'
    }),
    websocket: flag('WebSocket upgrades are taken.'),
    accessLog: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description:
          'Which share of its requests the access log has, from 0 (none) to 1 (all); what GATEWAY_ACCESS_LOG_SAMPLES says where it is not given.'
      })
    ),
    events: flag('Event streams: an answer may pause for as long as it likes.'),
    maxStalenessSeconds: optionalSeconds(
      'How long ago the log of revocations may have been last heard of; over it the row answers 503 instead of a guess.'
    )
  },
  { additionalProperties: false }
)

export const RouteFile = Type.Object(
  {
    upstreams: Type.Record(Type.String(), UpstreamRow),
    routes: Type.Array(RouteRow, { minItems: 1 })
  },
  { additionalProperties: false }
)
export type RouteFile = Static<typeof RouteFile>

/** A row as the stages read it. */
export type Route = Omit<
  Static<typeof RouteRow>,
  'prefix' | 'upstream' | 'limit' | 'methods' | 'tokenClaims'
> & {
  readonly tokenClaims: readonly NamedClaim[]
  readonly prefixes: readonly string[]
  readonly upstream: Upstream
  readonly limits: readonly Limit[]
  /** null: every method, with the row's own demand */
  readonly methods: Readonly<Partial<Record<Method, Demand>>> | null
}

/** The claims that a row names, by the names under which a service gets them. */
export function namedClaimsOf({ tokenClaims = [] }: Static<typeof RouteRow>): NamedClaim[] {
  const pairs: [name: string, path: ClaimPath][] = Array.isArray(tokenClaims)
    ? tokenClaims.map((claim) => [claim.toLowerCase().replaceAll('_', '-'), [claim]])
    : Object.entries(tokenClaims)
  return pairs.map(([name, path]) => ({ name, path }))
}
