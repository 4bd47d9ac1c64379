/** One kind of error of the public API: what a client can rely on when it gets the code. */
type ProblemKind = {
  /** the possible statuses of the code; the first one is the usual one */
  readonly statuses: readonly [number, ...number[]]
  readonly title: string
  /** true: the same request may succeed later */
  readonly retryable: boolean
}

/**
 * Every error code of the public API. docs/errors.md describes them, and a test compares the two. A
 * code is part of the contract: clients switch on it.
 */
export const problems = {
  INVALID_REQUEST: {
    statuses: [400, 413, 414, 415, 431],
    title: 'The request is not valid',
    retryable: false
  },
  UNAUTHENTICATED: { statuses: [401], title: 'Sign in to continue', retryable: false },
  FACTOR_REQUIRED: { statuses: [401], title: 'A second factor is needed', retryable: false },
  TOKEN_EXPIRED: { statuses: [401], title: 'The access token has expired', retryable: false },
  TOKEN_STALE: {
    statuses: [401],
    title: 'The access token is out of date',
    retryable: false
  },
  SESSION_ENDED: { statuses: [401], title: 'The session has ended', retryable: false },
  FORBIDDEN: { statuses: [403], title: 'Not allowed', retryable: false },
  NOT_FOUND: { statuses: [404], title: 'Not found', retryable: false },
  METHOD_NOT_ALLOWED: {
    statuses: [405],
    title: 'Method not allowed',
    retryable: false
  },
  CONFLICT: { statuses: [409], title: 'Conflict', retryable: false },
  RATE_LIMITED: { statuses: [429], title: 'Too many requests', retryable: true },
  INTERNAL: { statuses: [500], title: 'Internal error', retryable: false },
  UPSTREAM_UNAVAILABLE: {
    statuses: [502],
    title: 'The service sent no valid response',
    retryable: true
  },
  UNAVAILABLE: { statuses: [503], title: 'Temporarily unavailable', retryable: true },
  UPSTREAM_TIMEOUT: {
    statuses: [504],
    title: 'The service did not respond in time',
    retryable: true
  }
} as const satisfies Record<string, ProblemKind>

export type ProblemCode = keyof typeof problems

/** A status of `Code`, so that a wrong pair does not compile. */
export type ProblemStatus<Code extends ProblemCode> = (typeof problems)[Code]['statuses'][number]
