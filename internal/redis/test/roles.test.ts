import { eventually } from '@gatehouse/fixtures/client'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { masterScript } from '@gatehouse/redis/master-script'
import t from 'tap'
import { becomes } from './fixtures/becomes.ts'

const LONG_MS = 20_000
const KEY = 'gatehouse:{sessions}:user-1'

t.test('only a master that may write runs the scripts', { skip: redisMissing }, async (t) => {
  const [master, replica] = [await redisServer(t), await redisServer(t)]
  await replica.redis.replicaof('127.0.0.1', master.port)
  await eventually(
    () => replica.redis.info('replication'),
    (text) => text.includes('master_link_status:up'),
    LONG_MS
  )
  const [atMaster, atReplica] = [
    await redisConnection(t, master.url),
    await redisConnection(t, replica.url)
  ]
  const lookUp = "return redis.call('EXISTS', KEYS[1])"

  t.test('a replica refuses a master’s script, even if it only reads', async (t) => {
    t.equal(await atMaster.eval(masterScript(lookUp), 1, KEY), 0)
    t.equal(await atReplica.eval(lookUp, 1, KEY), 0, 'without it, a guess in place of an answer')
    const anew = becomes(atReplica, 'ready')
    await t.rejects(atReplica.eval(masterScript(lookUp), 1, KEY), /^READONLY/)
    await anew
  })

  t.test('a master with too few replicas refuses a master’s script', async (t) => {
    await master.redis.config('SET', 'min-replicas-to-write', '2')
    await t.rejects(atMaster.eval(masterScript(lookUp), 1, KEY), /^NOREPLICAS/)
    await master.redis.config('SET', 'min-replicas-to-write', '0')
  })
})
