import { GATEWAYS } from '@gatehouse/fleet/redis-fleet'
import type { NeededRights } from '@gatehouse/redis/missing-rights'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import { revocationStream } from '@gatehouse/revocation/revocation-stream'
import { guessTable, knownNetworks } from '../throttling/counts/redis-guess-counts.ts'
import { REQUEST_TABLE } from '../throttling/counts/redis-request-counts.ts'

/**
 * The rights that the auth service needs in Redis. docs/stores.md has the same rights as ACL rules.
 */
export const neededRights: readonly NeededRights[] = [
  {
    key: REVOCATION_STREAM,
    commands: [
      'get KEY',
      'set KEY a',
      'expire KEY 1',
      'ttl KEY',
      'expireat KEY 1',
      'expiretime KEY',
      'hget KEY a',
      'hmget KEY a',
      'hgetall KEY',
      'hset KEY a b',
      'hdel KEY a',
      'hlen KEY',
      'hscan KEY 0',
      'xadd KEY * a b',
      'xdel KEY 0-1',
      'xrange KEY - +',
      'info server',
      'time',
      'ping',
      'evalsha a 1 KEY',
      'eval a 1 KEY',
      'eval_ro a 1 KEY',
      'wait 1 1'
    ]
  },
  ...[REQUEST_TABLE, guessTable('strangers', 0)].map((key) => ({
    key,
    commands: ['bitfield KEY GET u8 0', 'strlen KEY', 'setrange KEY 0 a']
  })),
  {
    key: knownNetworks('account'),
    commands: ['zadd KEY 1 a', 'zremrangebyrank KEY 0 1', 'zscore KEY a']
  },
  {
    key: GATEWAYS,
    commands: [
      'smembers KEY',
      'mget KEY',
      'pttl KEY',
      'srem KEY a',
      'sadd KEY a',
      'zadd KEY 1 a',
      'zremrangebyrank KEY 0 1',
      'hset KEY a b',
      'hmget KEY a',
      'expire KEY 1',
      'evalsha a 1 KEY',
      'eval a 1 KEY'
    ]
  }
]

/** In addition, if the sessions are in several partitions. */
export const partitionRights: readonly NeededRights[] = [
  { key: revocationStream('p0'), commands: ['spublish KEY a'] }
]
