import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Limiter } from '../stages/limit.ts'
import type { Route } from './route.ts'
import type { RouteTable } from './route-table.ts'

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
                keyGenerator: (request) => `${name} ${clientNetwork(request.ip)}`
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
