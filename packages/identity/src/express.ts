import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller } from './assertion.ts'
import { checkOptions } from './options.ts'
import { problemAnswer } from './problem-answer.ts'
import { requireCaller, requireRole as roleOf, requireScope as scopeOf } from './requirements.ts'
import { findCaller, type VerifyOptions } from './verify-assertion.ts'

declare global {
  namespace Express {
    interface Request {
      /** the caller; null on a route with `optional` if the request is not signed in */
      identity?: Caller | null
    }
  }
}

/** A request of Node.js, as Express, Connect and Nest extend it. */
export type IdentifiedRequest = IncomingMessage & { identity?: Caller | null }

export type Middleware = (
  request: IdentifiedRequest,
  response: ServerResponse,
  next: (error?: unknown) => void
) => Promise<void>

export type IdentityOptions = VerifyOptions & {
  /** also serves anonymous requests; an assertion that is not valid is still refused */
  readonly optional?: boolean
}

/**
 * Middleware that sets `request.identity`, for Express, Connect and Nest. It answers 401 without a
 * valid assertion and 503 while the gateways' keys cannot be fetched, as problem details (RFC
 * 9457).
 */
export function identity(options: IdentityOptions): Middleware {
  checkOptions(options)
  return check(async (request) => {
    const caller = await findCaller(request.headers, options)
    request.identity = options.optional ? caller : requireCaller(caller)
  })
}

/** Middleware after `identity` that answers 403 to callers whose token does not have `scope`. */
export const requireScope = (scope: string): Middleware =>
  check(async (request) => {
    scopeOf(request.identity, scope)
  })

/** Middleware after `identity` that answers 403 to callers who do not have `role`. */
export const requireRole = (role: string): Middleware =>
  check(async (request) => {
    roleOf(request.identity, role)
  })

/**
 * The caller.
 * @throws Refusal UNAUTHENTICATED if the request is anonymous
 */
export const requireIdentity = (request: IdentifiedRequest): Caller =>
  requireCaller(request.identity)

/** Answers a refusal itself, because Express prints the stack of every error that it is given. */
function check(allow: (request: IdentifiedRequest) => Promise<void>): Middleware {
  return async (request, response, next) => {
    try {
      await allow(request)
    } catch (error) {
      refuse(error, request, response, next)
      return
    }
    next()
  }
}

function refuse(
  error: unknown,
  request: IdentifiedRequest,
  response: ServerResponse,
  next: (error: unknown) => void
): void {
  try {
    const { status, headers, body } = problemAnswer(error, request.headers)
    response.writeHead(status, { ...headers }).end(body)
  } catch (bug) {
    next(bug)
  }
}
