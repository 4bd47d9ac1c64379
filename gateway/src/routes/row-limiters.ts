import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Limiter } from '../stages/limit.ts'
import type { Route } from './route.ts'
import type { RouteTable } from './route-table.ts'

/** what a customer is given at least (RFC 6177): whoever has one address of it has all */
const IPV6_PREFIX = 64

/** The limits of the rows that have one, counted by @fastify/rate-limit: each row by itself, each address by itself. */
export function rowLimiters(app: FastifyInstance, table: RouteTable) {
  const checks = new Map(
    table.routes.flatMap(({ name, limit }) =>
      limit === undefined
        ? []
        : [
            [
              name,
              app.createRateLimit({
                max: limit.max,
                timeWindow: limit.windowSeconds * 1000,
                keyGenerator: (request) => `${name} ${normalizeIP(request.ip, IPV6_PREFIX)}`
              })
            ] as const
          ]
    )
  )
  return (route: Route, request: FastifyRequest): Limiter | null => {
    const check = checks.get(route.name)
    if (check === undefined) return null
    return async () => {
      const result = await check(request)
      if (result.isAllowed || !result.isExceeded) return null
      return { retryAfterSeconds: result.ttlInSeconds }
    }
  }
}
