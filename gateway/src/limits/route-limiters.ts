import fastifyRateLimit from '@fastify/rate-limit'
import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import type { RedisConnection } from '@gatehouse/redis/connection'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Limit, Route } from '../routes/entry/route.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'
import { LIMITS, redisAddressCounts } from './address-counts.ts'

/**
 * per number, window and kind of caller; above it, the callers that have been quiet for longest are
 * forgotten. Strangers have many addresses, which must not push out the counts of subjects.
 */
const REMEMBERED_CALLERS = 20_000

type Check = ReturnType<FastifyInstance['createRateLimit']>
/** A request, with what the limits count it by. */
type CountedRequest = {
  readonly request: FastifyRequest
  readonly address: string
  readonly token: VerifiedToken | null
}

/**
 * Counts a request against the limits of its route. Returns null within the limits, or the seconds
 * to wait.
 */
export type Limiter = () => Promise<{ retryAfterSeconds: number } | null>

/** The limits of a request on a route; null if the route has none. */
export type LimiterOf = (route: Route, caller: CountedRequest) => Limiter | null

/**
 * The limits of the routes that have one, counted per route and per caller: by @fastify/rate-limit,
 * except shared limits by address (`AddressCounts`). After a reload of the table, an unchanged
 * limit keeps its counts. A shared limit is counted by this gateway alone while Redis is
 * unreachable.
 */
export async function routeLimiters(
  app: FastifyInstance,
  redis: RedisConnection | null,
  clock: () => number,
  remembered = REMEMBERED_CALLERS
): Promise<LimiterOf> {
  const local = await countedBy(app, { cache: remembered })
  const shared = redis === null ? local : await countedBy(app, { redis, nameSpace: LIMITS })
  const addresses = redis === null ? null : redisAddressCounts(redis, clock)

  const overOne = async (route: string, limit: Limit, caller: CountedRequest) => {
    const name = nameOf(route, limit)
    const whom = whomOf(limit, caller)
    const kind = kindOf(limit, caller)
    const asked = { kind, request: caller.request, key: `${name} ${whom}` }
    const alone = () => local(limit, asked)
    if (!limit.shared) return alone()
    const counted =
      addresses !== null && kind === 'address' ? addresses(name, limit, whom) : shared(limit, asked)
    return counted.catch(alone)
  }
  return ({ name, limits }, caller) => {
    if (limits.length === 0) return null
    return async () => {
      for (const limit of limits) {
        const over = await overOne(name, limit, caller)
        if (over !== null) return over
      }
      return null
    }
  }
}

const nameOf = (route: string, { by, max, windowSeconds }: Limit): string =>
  `${route} ${max}/${windowSeconds} ${by}`

/** Anonymous requests, on routes that allow them, are counted by address. */
const kindOf = ({ by }: Limit, { token }: CountedRequest): Limit['by'] =>
  token === null ? 'address' : by

function whomOf(limit: Limit, caller: CountedRequest): string {
  const { address, token } = caller
  const counted = kindOf(limit, caller)
  const whose = {
    address: () => clientNetwork(address),
    subject: () => token?.identity.subject,
    client: () => token?.identity.client
  }[counted]()
  return counted === limit.by ? `${whose}` : `${counted} ${whose}`
}

type Asked = {
  readonly kind: Limit['by']
  readonly request: FastifyRequest
  readonly key: string
}

/** @fastify/rate-limit with one store, in a scope of its own, because it supports only one. */
async function countedBy(
  app: FastifyInstance,
  store: { cache: number } | { redis: RedisConnection; nameSpace: string }
) {
  const keys = new WeakMap<FastifyRequest, string>()
  const checks = new Map<string, Check>()
  let create: FastifyInstance['createRateLimit'] | undefined
  const scoped: FastifyPluginAsync = async (scope) => {
    await scope.register(fastifyRateLimit, { global: false, ...store })
    create = scope.createRateLimit
  }
  await app.register(fp(scoped, { name: 'route-limits', encapsulate: true }))
  const checkOf = ({ max, windowSeconds }: Limit, kind: Limit['by']): Check => {
    const name = `${max}/${windowSeconds} ${kind}`
    const known = checks.get(name)
    if (known !== undefined) return known
    if (create === undefined) throw new Error('the rate limiter is not ready')
    const check = create({
      max,
      timeWindow: windowSeconds * 1000,
      keyGenerator: (request) => keys.get(request) ?? ''
    })
    checks.set(name, check)
    return check
  }
  return async (limit: Limit, { kind, request, key }: Asked) => {
    keys.set(request, key)
    const result = await checkOf(limit, kind)(request)
    return result.isAllowed || !result.isExceeded
      ? null
      : { retryAfterSeconds: result.ttlInSeconds }
  }
}
