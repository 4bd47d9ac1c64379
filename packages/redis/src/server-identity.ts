import type { RedisConnection } from './connect-redis.ts'

/** Which server answers, and which history of writes it has. */
export type ServerIdentity = {
  readonly role: 'master' | 'replica'
  /** changes with every start of a server */
  readonly runId: string
  /** changes when a replica becomes the master, or a master starts again: writes that were acknowledged may be missing */
  readonly replicationId: string
}

const SCRIPT = "return redis.call('INFO', 'server') .. redis.call('INFO', 'replication')"

/**
 * Asks the server that holds a key who it is. Ask on every `ready` of a connection and compare with the answer before: as long as it
 * differs and what was lost has not been restored, "there is no such session" is no answer of this store. A role never changes
 * unnoticed on one connection: a master that becomes a replica refuses a `masterScript` (READONLY), and the connection is made anew.
 * @param key decides the node of a cluster
 * @throws what Redis answers, or an outage
 */
export async function serverIdentity(redis: RedisConnection, key: string): Promise<ServerIdentity> {
  const info = String(await redis.eval(SCRIPT, 1, key))
  const field = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? ''
  return {
    role: field('role') === 'master' ? 'master' : 'replica',
    runId: field('run_id'),
    replicationId: field('master_replid')
  }
}
