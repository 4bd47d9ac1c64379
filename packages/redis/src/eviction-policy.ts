import type { RedisConnection } from './connect-redis.ts'

/** the only policy under which Redis forgets nothing that it was given to keep */
const REQUIRED = 'noeviction'

/**
 * What is wrong with the eviction policy of the server (of each master of a cluster), and what to set; null if nothing is. A
 * server that evicts keys ends sessions at random and forgets revocations. INFO tells the policy also where CONFIG is forbidden,
 * as managed services do.
 * @throws what Redis answers where it does not say, such as NOPERM
 */
export async function evictionFault(redis: RedisConnection): Promise<string | null> {
  const servers = 'nodes' in redis ? redis.nodes('master') : [redis]
  const infos = await Promise.all(servers.map((server) => server.info('memory')))
  const policies = infos.map((info) => /^maxmemory_policy:(\S+)/m.exec(info)?.[1])
  const wrong = policies.find((policy) => policy !== undefined && policy !== REQUIRED)
  return wrong === undefined
    ? null
    : `Redis evicts keys when its memory is full (maxmemory-policy is ${wrong}): sessions end at random and revocations are forgotten. Set maxmemory-policy to ${REQUIRED}`
}
