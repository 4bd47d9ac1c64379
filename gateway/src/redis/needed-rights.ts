import { GATEWAYS } from '@gatehouse/fleet/redis-fleet'
import type { NeededRights } from '@gatehouse/redis/missing-rights'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import { revocationStream } from '@gatehouse/revocation/revocation-stream'
import { SIGHTINGS, sightingsKey } from '@gatehouse/sightings/redis-sightings'
import { LIMITS } from '../limits/address-counts.ts'

const REPORT = ['hlen KEY', 'hget KEY a', 'hset KEY a b', 'expire KEY 1']
// A gateway reads the revocation log, and does not need the right to write it.
const FOLLOW = ['xread COUNT 1 STREAMS KEY 0', 'eval_ro a 1 KEY']

/** What a gateway must be allowed to do in Redis: docs/stores.md has the same as ACL rules. */
export const neededRights: readonly NeededRights[] = [
  {
    key: GATEWAYS,
    commands: [
      'smembers KEY',
      'sadd KEY a',
      'srem KEY a',
      'get KEY',
      'set KEY a PX 1',
      'mget KEY',
      'pttl KEY',
      'del KEY',
      'zadd KEY 1 a',
      'zrem KEY a',
      'zrange KEY 0 1',
      'zremrangebyscore KEY 0 1',
      'zremrangebyrank KEY 0 1',
      'pexpire KEY 1',
      'hget KEY a',
      'hset KEY a b',
      'expire KEY 1',
      'evalsha a 1 KEY',
      'eval a 1 KEY',
      'info memory',
      'time',
      'ping'
    ]
  },
  {
    key: `${LIMITS}caller`,
    commands: [
      'incr KEY',
      'pexpire KEY 1',
      'pttl KEY',
      'hget KEY a',
      'hset KEY a b',
      'expire KEY 1',
      'evalsha a 1 KEY',
      'eval a 1 KEY'
    ]
  },
  { key: SIGHTINGS, commands: REPORT },
  { key: REVOCATION_STREAM, commands: FOLLOW }
]

/** In addition, if the sessions are in several partitions. */
export const partitionRights: readonly NeededRights[] = [
  { key: sightingsKey('p0'), commands: REPORT },
  { key: revocationStream('p0'), commands: [...FOLLOW, 'ssubscribe KEY'] }
]
