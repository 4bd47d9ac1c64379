import type { AllowsOrigin } from '@gatehouse/edge-headers/web-origin'
import { type Static, Type } from 'typebox'
import type { NamedClaim } from '../../tokens/claims/forwarded-claims.ts'
import { type Upstream, UpstreamEntry } from '../upstream/upstream.ts'
import { type CorsPolicy, RouteCors } from './cors-policy.ts'
import { accesses, ByMethod, type Demand, demands, optionalSeconds } from './demand-schema.ts'
import type { Method } from './methods.ts'
import { claimMembers } from './token-claims.ts'

const prefixPattern = '^/([A-Za-z0-9._~:@-]+(/[A-Za-z0-9._~:@-]+)*)?$'
const prefixTitle =
  'a path such as /orders, of letters, digits and . _ ~ : @ -, without a slash at its end'
const Prefix = Type.String({ title: prefixTitle, pattern: prefixPattern })
const namePattern = '^[a-z0-9][a-z0-9-]*$'
const nameTitle = 'a string of lower-case letters, digits and -'
/**
 * The limit for every route: HTTP/2 clients accept response headers in 9 frames of 16 KiB
 * (nghttp2).
 */
export const LARGEST_RESPONSE_HEADER_BYTES = 128 * 1024

const leniency = (description: string) =>
  Type.Enum(['refuse', 'pass'], { default: 'refuse', description })
const flag = (description: string) => Type.Boolean({ default: false, description })

const Limit = Type.Object(
  {
    max: Type.Integer({
      minimum: 1,
      description: 'The number of requests that are allowed in a time window.'
    }),
    windowSeconds: Type.Integer({ minimum: 1, description: 'The length of the time window.' }),
    by: Type.Optional(
      Type.Enum(['address', 'subject', 'client'], {
        description:
          'Which requests are counted together. Default: those of a client address. subject and client count anonymous requests by address. IPv6 addresses count by their /64.'
      })
    ),
    shared: Type.Optional(
      Type.Boolean({
        description:
          'Counts in Redis for all gateways together. While Redis is unreachable, each gateway counts for itself.'
      })
    )
  },
  { additionalProperties: false }
)
export type Limit = Required<Static<typeof Limit>>

/** The members of an identity that a route can forward, each in a header of its own. */
export const forwardable = [
  ...(['subject', 'session', 'client', 'roles', 'scope', 'email', 'expires'] as const),
  'assertion'
] as const
const forwardableTitle = `one of ${forwardable.join(', ')} (other claims of the token: tokenClaims or forward)`

/** A route as the file contains it. */
export const RouteEntry = Type.Object(
  {
    name: Type.String({
      title: nameTitle,
      pattern: namePattern,
      description:
        'A unique name. It appears in the log, and it is the audience of the assertions for this route, unless audience says otherwise.'
    }),
    audience: Type.Optional(
      Type.String({
        title: nameTitle,
        pattern: namePattern,
        description:
          'The name by which the service knows itself, in the assertions for this route. Routes to one service can share it. Default: the name of the route.'
      })
    ),
    prefix: Type.Union([Prefix, Type.Array(Prefix, { minItems: 1 })], {
      description:
        'The longest prefix wins. A prefix matches whole segments: /orders does not match /ordersX.'
    }),
    upstream: Type.String({ minLength: 1, description: 'The name of an upstream.' }),
    stripPrefix: Type.Optional(
      Type.String({
        title: prefixTitle,
        pattern: prefixPattern,
        description:
          'Removed from the path before the request is forwarded. The service gets it as x-forwarded-prefix.'
      })
    ),
    access: Type.Enum([...accesses], {
      default: 'signed-in',
      description:
        'signed-in: an access token is required. public: no token is required, and no identity is forwarded. optional: the identity of a valid token is forwarded, an invalid token gets 401, and a request without a token is anonymous.'
    }),
    ...demands,
    methods: Type.Optional(ByMethod),
    credentials: Type.Array(Type.Enum(['own-cookies', 'client-authentication', 'authorization']), {
      default: [],
      description:
        "Which credentials of the client the service gets. own-cookies: the gateway's own cookies. client-authentication: the Authorization header with which an OAuth client authenticates (RFC 6749 §2.3.1), never a bearer token. authorization: the Authorization header of a public route, for a service with keys of its own; a header with a token of our auth service or of an issuer in the issuer file is never forwarded."
    }),
    claims: Type.Array(Type.Enum([...forwardable], { title: forwardableTitle }), {
      default: [...forwardable],
      description: 'Which parts of the identity are forwarded, each as its x-auth-* header.'
    }),
    ...claimMembers,
    errors: Type.Enum(['problem', 'oauth'], {
      default: 'problem',
      description:
        "The form of the gateway's own errors. problem: problem details (RFC 9457). oauth: as OAuth clients read them (RFC 6749 §5.2)."
    }),
    limit: Type.Optional(Type.Union([Limit, Type.Array(Limit, { minItems: 1, maxItems: 4 })])),
    bodyLimitBytes: Type.Integer({
      minimum: 0,
      default: 1024 * 1024,
      description: 'A larger body gets 413. The service never gets the whole body.'
    }),
    bodyOnGet: flag('A GET may have a body, for services that read one (search engines).'),
    answerHeaderBytes: Type.Integer({
      minimum: 1024,
      maximum: LARGEST_RESPONSE_HEADER_BYTES,
      default: 64 * 1024,
      description: "The size limit of the headers of the service's response; above it 502."
    }),
    answerPaths: Type.Enum(['rewrite', 'keep'], {
      default: 'rewrite',
      description:
        "rewrite: in Location, Content-Location, Refresh and the paths of cookies, the gateway replaces the service's own addresses and paths with those that its clients use, so that clients stay below stripPrefix. keep: they stay as the service wrote them."
    }),
    answerSeconds: optionalSeconds(
      'How long the service may take to begin its response. Default: GATEWAY_UPSTREAM_TIMEOUT_SECONDS.'
    ),
    idleSeconds: Type.Integer({
      minimum: 1,
      default: 60,
      description:
        'How long a response may pause, how long a client may leave it unread, and how long a WebSocket may show no sign of life.'
    }),
    retries: Type.Integer({
      minimum: 0,
      maximum: 3,
      default: 0,
      description:
        'How often a GET, HEAD or OPTIONS is repeated if the connection to the service breaks before the response begins. A request that never reached a service is sent to another address in any case.'
    }),
    encodedSlashes: leniency(
      'pass: the path may contain %2F as part of a name (RabbitMQ, GitLab, npm). Only for a service that splits the path before it decodes it.'
    ),
    encodedDelimiters: leniency(
      'pass: the path may contain %23, %25, %3B and %3F, as in C%23 and 100%25. Only for a service that decodes the path once, after it has split it.'
    ),
    cors: Type.Optional(RouteCors),
    preflights: Type.Enum(['gateway', 'service'], {
      default: 'gateway',
      description:
        'Who answers the preflights of pages of other origins. service: preflights reach the service without a token and without an identity, and all responses keep the CORS headers of the service.'
    }),
    websocket: flag('Accepts WebSocket upgrades.'),
    accessLog: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description:
          'The share of requests that the access log contains, from 0 (none) to 1 (all). Default: GATEWAY_ACCESS_LOG_SAMPLES.'
      })
    ),
    events: flag('Event streams: a response may pause for any time.'),
    maxStalenessSeconds: optionalSeconds(
      'The maximum age of the last auth service heartbeat that the gateway has read from the revocation log; above it 503.'
    )
  },
  { additionalProperties: false }
)

export const RouteFile = Type.Object(
  {
    upstreams: Type.Record(Type.String(), UpstreamEntry),
    routes: Type.Array(RouteEntry, { minItems: 1 })
  },
  { additionalProperties: false }
)
export type RouteFile = Static<typeof RouteFile>

/** A route as the stages read it. */
export type Route = Omit<
  Static<typeof RouteEntry>,
  'prefix' | 'audience' | 'upstream' | 'limit' | 'methods' | 'cors' | 'tokenClaims' | 'forward'
> & {
  /** the name of its service in assertions */
  readonly audience: string
  readonly cors: Partial<CorsPolicy>
  readonly tokenClaims: readonly NamedClaim[]
  /** the origins whose pages may use the route; null: those of the installation */
  readonly allowedOrigins: readonly string[] | null
  /** the same, as a function */
  readonly allowsOrigin: AllowsOrigin | null
  readonly prefixes: readonly string[]
  readonly upstream: Upstream
  /** whether its service takes credentials of ours, on this route or another one */
  readonly serviceTakesCredentials: boolean
  readonly limits: readonly Limit[]
  /** null: the usual methods, with the route's own requirements */
  readonly methods: Readonly<Partial<Record<Method, Demand>>> | null
}
