import type { PasskeyRequest } from './api.ts'

/** The codes of the server's errors. A test compares them with its API description. */
export type ServerCode =
  | 'INVALID_REQUEST'
  | 'UNAUTHENTICATED'
  | 'FACTOR_REQUIRED'
  | 'TOKEN_EXPIRED'
  | 'TOKEN_STALE'
  | 'SESSION_ENDED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'CONFLICT'
  | 'RATE_LIMITED'
  | 'INTERNAL'
  | 'UPSTREAM_UNAVAILABLE'
  | 'UNAVAILABLE'
  | 'UPSTREAM_TIMEOUT'

/**
 * `NETWORK`: no response came, or one that is not from Gatehouse. `COOKIE_DROPPED`: a login
 * succeeded, but the browser did not keep its cookie.
 */
export type ProblemCode = ServerCode | 'NETWORK' | 'COOKIE_DROPPED'

type Factor = 'passkey' | 'totp' | 'recoveryCode'

export type ProblemFacts = {
  readonly code: ProblemCode
  /** the HTTP status; 0 if there was no response */
  readonly status: number
  readonly title: string
  /** what to fix, for people */
  readonly detail?: string | undefined
  /** finds the request in the server's logs */
  readonly requestId?: string | undefined
  /** whether the same call may succeed later */
  readonly retryable: boolean
  /** seconds to wait before the next attempt (`Retry-After`) */
  readonly retryAfter?: number | undefined
  /** of `FACTOR_REQUIRED`: for the next call of `login` */
  readonly challenge?: string | undefined
  /** of `FACTOR_REQUIRED`: what answers it; empty: the user must add an authenticator first */
  readonly factors?: readonly Factor[] | undefined
  /** of `FACTOR_REQUIRED`, if `factors` has `passkey` */
  readonly passkey?: PasskeyRequest | undefined
}

/** An error of Gatehouse (RFC 9457). Decide by `code`. */
export class GatehouseProblem extends Error implements ProblemFacts {
  override readonly name = 'GatehouseProblem'
  declare readonly code: ProblemCode
  declare readonly status: number
  declare readonly title: string
  declare readonly detail?: string
  declare readonly requestId?: string
  declare readonly retryable: boolean
  declare readonly retryAfter?: number
  declare readonly challenge?: string
  declare readonly factors?: readonly Factor[]
  declare readonly passkey?: PasskeyRequest

  constructor(facts: ProblemFacts, options?: ErrorOptions) {
    super(facts.detail ?? facts.title, options)
    Object.assign(this, facts)
  }
}
