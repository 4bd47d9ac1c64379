import type { CollectedRoute } from '../collect-routes.ts'
import { type DocumentedError, errorsOf, problemResponses } from '../document/errors.ts'
import type { Surroundings } from '../document/operation.ts'

/** The ids of the operations that a page may reach by any name of the listener. */
const anyHost = ['getHealth', 'getAssertionKeys']

const everywhere: readonly DocumentedError[] = [
  {
    status: 400,
    code: 'INVALID_REQUEST',
    when: 'The request does not fit its schema, or is not valid HTTP; detail says what to fix.'
  },
  { status: 431, code: 'INVALID_REQUEST', when: 'The headers are too large.' },
  { status: 500, code: 'INTERNAL', when: 'An internal error. Report it with its requestId.' }
]

const withBody: readonly DocumentedError[] = [
  { status: 413, code: 'INVALID_REQUEST', when: 'The body is too large.' },
  { status: 415, code: 'INVALID_REQUEST', when: 'The content type is not application/json.' }
]

const ofOperators = errorsOf({
  UNAUTHENTICATED: 'The token is missing or wrong, or it has expired or was revoked.',
  FORBIDDEN:
    'The role of the operator does not include the request, or the request comes from a page of a browser, or names a host that is not listed in AUTH_OPS_HOSTS.',
  UNAVAILABLE:
    'A store is unavailable, or too many passwords wait to be hashed; detail says whether the change is stored.'
})

const ofOtherHosts = errorsOf({
  FORBIDDEN: 'The request names a host that is not listed in the …_OPS_HOSTS of the process.'
})

/** What an ops listener adds to its routes. */
export function opsSurroundings({ method, url, schema }: CollectedRoute): Surroundings {
  const isForOperators = url.startsWith('/ops/')
  const isAnyHost = anyHost.includes(schema.operationId ?? '')
  return {
    security: isForOperators ? [{ operatorToken: [] }] : [{}],
    headers: ['x-request-id', ...(isForOperators ? (['cache-control'] as const) : [])],
    errors: problemResponses(
      [
        ...everywhere,
        ...(method === 'GET' ? [] : withBody),
        ...(isForOperators ? ofOperators : []),
        ...(isForOperators || isAnyHost ? [] : ofOtherHosts),
        ...errorsOf(schema.problems)
      ],
      ['x-request-id']
    )
  }
}
