import { isDeepStrictEqual } from 'node:util'
import { isToken, TOKEN_PATTERN } from '@gatehouse/edge-headers/field-syntax'
import { words } from '@gatehouse/settings/words'
import { type Static, Type } from 'typebox'

/** no browser caches the response to a preflight for longer (Firefox) */
const LONGEST_SECONDS = 86_400
const names = (description: string) =>
  // `*` is a token too.
  Type.Array(Type.String({ title: 'a name, or *', pattern: TOKEN_PATTERN }), { description })

const requestHeaders = names(
  'Request headers that pages may send; * allows every header that a page asks for.'
)
const exposedHeaders = names(
  "Response headers that pages may read; * allows all. The gateway adds the service's own list."
)
const maxAgeSeconds = Type.Integer({
  minimum: 0,
  maximum: LONGEST_SECONDS,
  description: 'How long a browser may remember the response to a preflight.'
})
const alias = <Schema extends object>(schema: Schema, name: string): Schema => ({
  ...schema,
  description: `Another spelling of ${name}.`
})

/** What pages of other origins may send and read: the `cors` member of a route. */
export const RouteCors = Type.Partial(
  Type.Object(
    {
      origins: Type.Array(Type.String(), {
        title: 'a list of origins, for example [https://app.example.com]',
        description:
          'The origins whose pages may use this route, including its WebSockets, in place of those in ALLOWED_ORIGINS. An empty list allows none.'
      }),
      methods: names(
        "Methods that pages may use. Default: the route's methods, if it lists them; else GATEWAY_CORS_METHODS."
      ),
      requestHeaders,
      allowHeaders: alias(requestHeaders, 'requestHeaders'),
      exposedHeaders,
      exposeHeaders: alias(exposedHeaders, 'exposedHeaders'),
      credentials: Type.Boolean({ description: 'Whether pages may send cookies.' }),
      maxAgeSeconds,
      maxAge: alias(maxAgeSeconds, 'maxAgeSeconds')
    },
    { additionalProperties: false }
  ),
  { additionalProperties: false }
)

/** What pages of the listed origins may send and read. */
export type CorsPolicy = Readonly<
  Required<Omit<Static<typeof RouteCors>, 'origins' | (typeof spellings)[number][1]>>
>

/** the names of the Fetch standard's headers, as other gateways spell them too */
const spellings = [
  ['requestHeaders', 'allowHeaders'],
  ['exposedHeaders', 'exposeHeaders'],
  ['maxAgeSeconds', 'maxAge']
] as const

/** The members of `cors` that a route sets, each by its first spelling. */
export function routeCors(entry: Static<typeof RouteCors>): Partial<CorsPolicy> {
  const { origins: _, allowHeaders, exposeHeaders, maxAge, ...cors } = entry
  return {
    ...(allowHeaders === undefined ? {} : { requestHeaders: allowHeaders }),
    ...(exposeHeaders === undefined ? {} : { exposedHeaders: exposeHeaders }),
    ...(maxAge === undefined ? {} : { maxAgeSeconds: maxAge }),
    ...cors
  }
}

/** With two different values, the gateway would have to guess. */
export const spellingFaults = (entry: Static<typeof RouteCors>): string[] =>
  spellings
    .filter(([first, second]) => {
      const values = [entry[first], entry[second]]
      return !values.includes(undefined) && !isDeepStrictEqual(values[0], values[1])
    })
    .map(
      ([first, second]) =>
        `cors.${second} is another spelling of cors.${first}: set only one of them`
    )

/** The defaults for routes without `cors`. */
export const corsSettings = {
  GATEWAY_CORS_METHODS: Type.String({ default: 'GET HEAD POST PUT PATCH DELETE' }),
  GATEWAY_CORS_REQUEST_HEADERS: Type.String({
    default:
      'authorization baggage cache-control content-type idempotency-key if-match if-modified-since if-none-match if-unmodified-since last-event-id prefer range sentry-trace traceparent tracestate x-csrf-token x-request-id x-requested-with x-xsrf-token'
  }),
  GATEWAY_CORS_EXPOSED_HEADERS: Type.String({
    default:
      'accept-ranges content-disposition content-range etag link location retry-after traceparent www-authenticate x-request-id'
  }),
  GATEWAY_CORS_CREDENTIALS: Type.Boolean({ default: true }),
  GATEWAY_CORS_MAX_AGE_SECONDS: Type.Integer({
    default: 600,
    minimum: 0,
    maximum: LONGEST_SECONDS
  })
}
type CorsSettings = Static<ReturnType<typeof Type.Object<typeof corsSettings>>>

export const corsPolicy = (settings: CorsSettings): CorsPolicy => ({
  methods: words(settings.GATEWAY_CORS_METHODS),
  requestHeaders: words(settings.GATEWAY_CORS_REQUEST_HEADERS),
  exposedHeaders: words(settings.GATEWAY_CORS_EXPOSED_HEADERS),
  credentials: settings.GATEWAY_CORS_CREDENTIALS,
  maxAgeSeconds: settings.GATEWAY_CORS_MAX_AGE_SECONDS
})

/** The faults of the settings that are lists. */
export function corsFaults(settings: CorsSettings): string[] {
  const lists = [
    'GATEWAY_CORS_METHODS',
    'GATEWAY_CORS_REQUEST_HEADERS',
    'GATEWAY_CORS_EXPOSED_HEADERS'
  ] as const
  return lists
    .filter((name) => !words(settings[name]).every(isToken))
    .map((name) => `${name} must be a list of names, or *`)
}
