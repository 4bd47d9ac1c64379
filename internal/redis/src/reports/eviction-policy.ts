import type { RedisConnection } from '../connecting/connection.ts'

/** the only policy under which Redis drops no data */
const REQUIRED = 'noeviction'

/**
 * What is wrong with the eviction policy of the server (of each master of a cluster), and what to
 * set; null if nothing is. A server that evicts keys ends sessions at random and forgets
 * revocations. INFO shows the policy even if CONFIG is forbidden, as in managed services.
 * @throws the error of Redis if it does not answer, such as NOPERM
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
