import { authority } from '@gatehouse/fixtures/certificates'
import { REDIS_PATIENCE_MS } from '@gatehouse/fixtures/patience'
import { redisMissing } from '@gatehouse/fixtures/redis-server'
import { securedRedis } from '@gatehouse/fixtures/secured-redis'
import { reportedRedis } from '@gatehouse/redis/reported-redis'
import { type RedisSettings, redisFaults, redisTarget } from '@gatehouse/redis/settings'
import { Registry } from 'prom-client'
import t, { type Test } from 'tap'

const LONG_MS = 20_000
const defaults: RedisSettings = {
  REDIS_TIMEOUT_MS: REDIS_PATIENCE_MS,
  REDIS_KEY_PREFIX: '',
  REDIS_TLS_VERIFY: 'full'
}

/** A connection like that of a process at its start, and the message of its failure. */
async function started(t: Test, url: string, given: Partial<RedisSettings> = {}) {
  const lines: string[] = []
  const line = (fields: object, message: string) => lines.push(JSON.stringify([message, fields]))
  const log = { warn: line, info: line }
  const connections = reportedRedis({ service: 'auth', log, metrics: new Registry() })
  const settings = { ...defaults, ...given, REDIS_URL: url }
  t.strictSame(redisFaults(settings), [])
  const redis = connections.connect('commands', redisTarget(url, settings))
  t.teardown(() => redis.disconnect())
  await connections.settled(LONG_MS)
  return { redis, lines, fault: await connections.startFault([]) }
}

t.test('a connection uses TLS, a password and user rights', { skip: redisMissing }, async (t) => {
  const own = await authority(t)
  const other = await authority(t, 'another authority')
  const redis = await securedRedis(t, own)
  const ca = { REDIS_CA_FILE: own.file }

  t.test(
    'a connection with a private authority, a database number and a prefix works',
    async (t) => {
      const connection = await started(t, `${redis.server}/3`, { ...ca, REDIS_KEY_PREFIX: 'one:' })
      t.equal(connection.fault, null)
      await connection.redis.set('key', 'value')
      t.equal(await connection.redis.eval("return redis.call('GET', KEYS[1])", 1, 'key'), 'value')
      const bare = await started(t, `${redis.server}?db=3`, ca)
      t.strictSame(await bare.redis.keys('*'), ['one:key'], 'in that database, with that prefix')
    }
  )

  t.test('sentinels with their own password work over TLS', async (t) => {
    const { fault, redis: connection } = await started(t, redis.sentinel, ca)
    t.equal(fault, null)
    t.equal(await connection.ping(), 'PONG')
    const unnamed = await started(t, redis.sentinel.replace('/main?', '/other?'), ca)
    t.match(unnamed.fault, /No such master.*Check the name at the end of REDIS_URL/)
    const [anonymous = ''] = redis.sentinel.split('?')
    t.match(
      (await started(t, anonymous, ca)).fault,
      /REDIS_SENTINEL_PASSWORD, or \?sentinelPassword=/
    )
    const { searchParams } = new URL(redis.sentinel)
    const passwords = { REDIS_PASSWORD: 'right', REDIS_SENTINEL_PASSWORD: 'sentinels' }
    t.equal(searchParams.get('sentinelPassword') ?? 'none', 'sentinels')
    const bare = redis.sentinel.replace(':right@', '').replace(/sentinelPassword=[^&]*/, '')
    t.equal((await started(t, bare, { ...ca, ...passwords })).fault, null, 'beside the address')
  })

  t.test(
    'a cluster works over TLS, by names and by the addresses that its nodes announce',
    async (t) => {
      const { fault, redis: cluster } = await started(t, redis.cluster, {
        ...ca,
        REDIS_KEY_PREFIX: 'one:'
      })
      t.equal(fault, null)
      await cluster.set('key', 'value')
      t.equal(await cluster.eval("return redis.call('GET', KEYS[1])", 1, 'key'), 'value')
    }
  )

  t.test('a client certificate is sent if the server requires one', async (t) => {
    const { cert, key } = await own.issue('client')
    const files = { ...ca, REDIS_CERT_FILE: cert, REDIS_KEY_FILE: key }
    t.equal((await started(t, redis.mutual, files)).fault, null)
    t.match((await started(t, redis.mutual, ca)).fault, /REDIS_CERT_FILE and REDIS_KEY_FILE/)
    const { key: otherKey } = await own.issue('another client')
    t.match(
      redisFaults({
        ...defaults,
        ...files,
        REDIS_URL: redis.mutual,
        REDIS_KEY_FILE: otherKey
      }),
      [`REDIS_KEY_FILE: ${otherKey} is not the key of the certificate in ${cert}`]
    )
  })

  t.test('names in certificates are verified, unless the operator says otherwise', async (t) => {
    const byName = redis.server.replace('127.0.0.1', 'localhost')
    t.match((await started(t, byName, ca)).fault, /does not match certificate.*REDIS_TLS_VERIFY=ca/)
    for (const word of [
      { ...ca, REDIS_TLS_VERIFY: 'ca' },
      { ...ca, REDIS_TLS_SERVER_NAME: 'redis.internal' },
      { REDIS_TLS_VERIFY: 'none' }
    ] as const) {
      t.equal((await started(t, byName, word)).fault, null, JSON.stringify(Object.keys(word)))
    }
  })

  t.test(
    'a fault that waiting cannot fix is reported with a remedy and without the password',
    async (t) => {
      const faults: [url: string, settings: Partial<RedisSettings>, message: RegExp][] = [
        [redis.server, {}, /SELF_SIGNED_CERT.*REDIS_CA_FILE/],
        [redis.server, { REDIS_CA_FILE: other.file }, /SELF_SIGNED_CERT.*REDIS_CA_FILE/],
        [redis.server.replace(':right@', ':hunter2@'), ca, /WRONGPASS.*the password in REDIS_URL/],
        [
          redis.server.replace(':right@', ''),
          ca,
          /NOAUTH.*needs a password, or set REDIS_PASSWORD/
        ],
        [
          redis.server.replace(':right@', ''),
          { ...ca, REDIS_PASSWORD: 'hunter2' },
          /WRONGPASS.*REDIS_PASSWORD/
        ],
        [`${redis.server}/99`, ca, /DB index is out of range.*Name a database/],
        [
          redis.server.replace('rediss:', 'rediss+cluster:'),
          ca,
          /cluster support disabled.*redis:/
        ],
        [
          `${redis.server.replace('rediss:', 'rediss+sentinel:').replace(':right@', '')}/main`,
          { ...ca, REDIS_PASSWORD: 'right', REDIS_SENTINEL_PASSWORD: 'right' },
          /unknown command.*The server is not a sentinel/
        ]
      ]
      for (const [url, settings, message] of faults) {
        const { fault, lines } = await started(t, url, settings)
        t.match(fault, message)
        t.match(fault, /^Redis cannot be used: /)
        t.notMatch([fault, ...lines].join(), 'hunter2')
      }
    }
  )
})
