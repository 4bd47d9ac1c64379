import type { Context, MiddlewareHandler } from 'hono'
import type { Caller } from './assertion.ts'
import { checkOptions } from './options.ts'
import { problemAnswer } from './problem-answer.ts'
import { requireCaller, requireRole as roleOf, requireScope as scopeOf } from './requirements.ts'
import { findCaller, type VerifyOptions } from './verify-assertion.ts'

/** For `new Hono<IdentityEnv>()`: the type of `c.get('identity')`. */
export type IdentityEnv = {
  Variables: {
    /** the caller; null on a route with `optional` if the request is not signed in */
    identity: Caller | null
  }
}

export type IdentityOptions = VerifyOptions & {
  /** also serves anonymous requests; an assertion that is not valid is still refused */
  readonly optional?: boolean
}

type Handler = MiddlewareHandler<IdentityEnv>

/**
 * Middleware that sets the variable `identity`. It answers 401 without a valid assertion and 503
 * while the gateways' keys cannot be fetched, as problem details (RFC 9457).
 */
export function identity(options: IdentityOptions): Handler {
  checkOptions(options)
  return check(async (context) => {
    const caller = await findCaller(context.req.raw.headers, options)
    context.set('identity', options.optional ? caller : requireCaller(caller))
  })
}

/** Middleware after `identity` that answers 403 to callers whose token does not have `scope`. */
export const requireScope = (scope: string): Handler =>
  check(async (context) => {
    scopeOf(context.get('identity'), scope)
  })

/** Middleware after `identity` that answers 403 to callers who do not have `role`. */
export const requireRole = (role: string): Handler =>
  check(async (context) => {
    roleOf(context.get('identity'), role)
  })

/**
 * The caller.
 * @throws Refusal UNAUTHENTICATED if the request is anonymous
 */
export const requireIdentity = (context: Context<IdentityEnv>): Caller =>
  requireCaller(context.get('identity'))

function check(allow: (context: Context<IdentityEnv>) => Promise<void>): Handler {
  return async (context, next) => {
    try {
      await allow(context)
    } catch (error) {
      const { status, headers, body } = problemAnswer(error, context.req.raw.headers)
      return new Response(body, { status, headers })
    }
    await next()
    return undefined
  }
}
