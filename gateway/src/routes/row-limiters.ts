import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Limiter } from '../stages/limit.ts'
import type { Route } from './route.ts'

/** what a customer is given at least (RFC 6177): whoever has one address of it has all */
const IPV6_PREFIX = 64

/**
 * The limits of the rows that have one, counted by @fastify/rate-limit: each row by itself, each address by itself. A row
 * that is the same in another table is counted on.
 */
export function rowLimiters(app: FastifyInstance) {
  const checks = new Map<string, ReturnType<FastifyInstance['createRateLimit']>>()
  const checkOf = (name: string, { max, windowSeconds }: NonNullable<Route['limit']>) => {
    const key = `${name} ${max} ${windowSeconds}`
    const check =
      checks.get(key) ??
      app.createRateLimit({
        max,
        timeWindow: windowSeconds * 1000,
        keyGenerator: (request) => `${name} ${normalizeIP(request.ip, IPV6_PREFIX)}`
      })
    checks.set(key, check)
    return check
  }
  return ({ name, limit }: Route, request: FastifyRequest): Limiter | null => {
    if (limit === undefined) return null
    return async () => {
      const result = await checkOf(name, limit)(request)
      if (result.isAllowed || !result.isExceeded) return null
      return { retryAfterSeconds: result.ttlInSeconds }
    }
  }
}
