import type { Service } from '@gatehouse/http-service/build-service'
import type { FastifyRequest } from 'fastify'
import { tooManyCredentials } from '../refusals.ts'
import { networkOf } from './caller.ts'
import { originOf } from './origin-of.ts'

/** A hook for the routes that take a password. */
export type LimitAddress = (request: FastifyRequest) => Promise<void>

/** Counts what one address sends, by @fastify/rate-limit: over all instances where they share a Redis. */
export function limitAddress(service: Service, perMinute: number): LimitAddress {
  const check = service.createRateLimit({
    max: perMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => networkOf(originOf(request))
  })
  return async (request) => {
    const result = await check(request)
    if (!result.isAllowed && result.isExceeded) throw tooManyCredentials(result.ttlInSeconds)
  }
}
