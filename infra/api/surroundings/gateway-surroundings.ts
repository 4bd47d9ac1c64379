import type { Route } from '@gatehouse/gateway/routes/route'
import { oauthErrors } from '@gatehouse/problem/oauth-error'
import type { CollectedRoute } from '../collect-routes.ts'
import {
  type DocumentedError,
  errorsOf,
  oauthResponses,
  problemResponses
} from '../document/errors.ts'
import type { SharedHeader } from '../document/headers.ts'
import type { Surroundings } from '../document/operation.ts'

/** Every response of the gateway can have these. */
const edgeHeaders: readonly SharedHeader[] = [
  'x-request-id',
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
  'vary',
  'strict-transport-security'
]

const everywhere: readonly DocumentedError[] = [
  {
    status: 400,
    code: 'INVALID_REQUEST',
    when: 'The request does not fit its schema, or is not valid HTTP; detail says what to fix.'
  },
  { status: 413, code: 'INVALID_REQUEST', when: 'The body is too large.' },
  { status: 414, code: 'INVALID_REQUEST', when: 'The path is too long.' },
  { status: 431, code: 'INVALID_REQUEST', when: 'There are too many or too large headers.' },
  {
    status: 429,
    code: 'RATE_LIMITED',
    when: 'The caller sends too many requests at the same time.'
  },
  { status: 500, code: 'INTERNAL', when: 'An internal error. Report it with its requestId.' },
  { status: 502, code: 'UPSTREAM_UNAVAILABLE', when: 'The auth service sent no valid response.' },
  {
    status: 503,
    code: 'UNAVAILABLE',
    when: 'A store or a process is unavailable or overloaded. Keep the tokens, and repeat later.'
  },
  { status: 504, code: 'UPSTREAM_TIMEOUT', when: 'The auth service did not respond in time.' }
]

const wrongMediaType = (mediaType: string): DocumentedError => ({
  status: 415,
  code: 'INVALID_REQUEST',
  when: `The content type is not ${mediaType}.`
})

/** What the gateway answers to an access token that it does not accept. */
const tokenErrors = errorsOf({
  UNAUTHENTICATED: 'There is no valid access token.',
  TOKEN_EXPIRED: 'The access token has expired: refresh once, then repeat.',
  TOKEN_STALE: 'The access token is out of date: refresh once, then repeat.',
  SESSION_ENDED: 'The session has ended: sign in again.'
})

const limitsOf = ({ limits }: Route): DocumentedError[] =>
  limits.map(({ max, windowSeconds }) => ({
    status: 429,
    code: 'RATE_LIMITED',
    when: `The address has sent more than ${max} requests in ${windowSeconds} seconds (shipped route table).`
  }))

/** The errors of OAuth, which an endpoint itself responds with. */
const ownOAuthErrors = ({ oauthErrors: own = {} }: CollectedRoute['schema']) =>
  Object.entries(own).flatMap(([status, errors]) =>
    Object.entries(errors).map(([code, when]) => ({ status: Number(status), code, when }))
  )

const asOAuthError = ({ code, ...error }: DocumentedError) => ({
  ...error,
  code: oauthErrors[code]
})

/** What the route of the shipped table adds to a route of the auth service. */
export function gatewaySurroundings(route: Route, collected: CollectedRoute): Surroundings {
  const { method, schema } = collected
  const isOAuth = route.errors === 'oauth'
  const mediaType = isOAuth ? 'application/x-www-form-urlencoded' : 'application/json'
  const isSignedIn = route.access === 'signed-in'
  const errors = [
    ...everywhere,
    ...(method === 'GET' ? [] : [wrongMediaType(mediaType)]),
    ...limitsOf(route),
    ...(isSignedIn ? tokenErrors : []),
    ...errorsOf(schema.problems)
  ]
  return {
    security: isSignedIn ? [{ accessToken: [] }] : [{}],
    headers: [...edgeHeaders, 'cache-control'],
    errors: isOAuth
      ? oauthResponses([...errors.map(asOAuthError), ...ownOAuthErrors(schema)], edgeHeaders)
      : problemResponses(errors, edgeHeaders)
  }
}
