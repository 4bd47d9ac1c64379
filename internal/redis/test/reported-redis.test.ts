import { createServer } from 'node:tls'
import { eventually } from '@gatehouse/fixtures/client'
import { REDIS_PATIENCE_MS } from '@gatehouse/fixtures/patience'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { reportedRedis } from '@gatehouse/redis/reported-redis'
import { freePort } from '@gatehouse/start/free-port'
import { Registry } from 'prom-client'
import { generate } from 'selfsigned'
import t, { type Test } from 'tap'

const LONG_MS = 20_000
const WRONG_PASSWORD = 'hunter2-wrong'

/** The connections of a process, and everything that it logs about them. */
function reported(t: Test) {
  const lines: [message: string, fields: Record<string, unknown>][] = []
  const line = (fields: object, message: string) => {
    lines.push([message, { ...fields }])
  }
  const metrics = new Registry()
  const redis = reportedRedis({ service: 'auth', log: { warn: line, info: line }, metrics })
  const connect = (url: string, { keyPrefix = '' } = {}) => {
    const options = { url, keyPrefix, timeoutMs: REDIS_PATIENCE_MS }
    const connection = redis.connect('commands', options)
    t.teardown(() => connection.disconnect())
    return connection
  }
  const said = (count: number) =>
    eventually(
      async () => lines,
      (all) => all.length >= count,
      LONG_MS
    )
  return { redis, connect, lines, said, figures: () => metrics.metrics() }
}

t.test('an outage of Redis is logged once with its cause, and once when it ends', async (t) => {
  t.test(
    'a refused connection is logged once, and once when it works again',
    { skip: redisMissing },
    async (t) => {
      const server = await redisServer(t)
      const { redis, connect, said, figures } = reported(t)
      await server.kill()
      const connection = connect(server.url)
      await redis.settled(1)
      const [first] = await said(1)
      t.strictSame(first, [
        'Redis is unreachable',
        { connection: 'commands', cause: `connect ECONNREFUSED 127.0.0.1:${server.port}` }
      ])
      t.match(await figures(), 'auth_redis_connected{connection="commands"} 0')
      // Several attempts cause one line.
      for (const _ of [1, 2, 3]) {
        await new Promise<void>((resolve) => connection.once('reconnecting', resolve))
      }
      await server.start()
      await redis.settled(LONG_MS)
      t.strictSame((await said(2)).slice(1), [
        ['Redis is reachable again', { connection: 'commands' }]
      ])
      t.match(await figures(), 'auth_redis_connected{connection="commands"} 1')
      t.match(await figures(), 'auth_redis_connections_made_total{connection="commands"} 1')
      await server.kill()
      await server.start()
      await eventually(
        figures,
        (text) => text.includes('made_total{connection="commands"} 2'),
        LONG_MS
      )
      t.match(await figures(), 'auth_redis_connections_made_total{connection="commands"} 2')
    }
  )

  t.test(
    'a wrong password is logged as the cause, without the password',
    { skip: redisMissing },
    async (t) => {
      const server = await redisServer(t)
      await server.redis.config('SET', 'requirepass', 'right')
      const { connect, said } = reported(t)
      connect(server.url.replace('redis://', `redis://:${WRONG_PASSWORD}@`))
      const lines = await said(1)
      t.match(lines, [['Redis is unreachable', { cause: /^WRONGPASS / }]])
      t.notMatch(JSON.stringify(lines), WRONG_PASSWORD)
    }
  )

  t.test('a certificate of an unknown authority is named as the cause', async (t) => {
    const pems = await generate([{ name: 'commonName', value: '127.0.0.1' }], { keyType: 'ec' })
    const port = await freePort()
    const server = createServer({ key: pems.private, cert: pems.cert })
    server.on('tlsClientError', () => {})
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    t.teardown(() => server.close())
    const { connect, said } = reported(t)
    connect(`rediss://127.0.0.1:${port}`)
    t.match(await said(1), [
      [
        'Redis is unreachable',
        { cause: /^self-signed certificate.*\(DEPTH_ZERO_SELF_SIGNED_CERT\)$/ }
      ]
    ])
  })

  t.test('a port without TLS is suspected as the cause', { skip: redisMissing }, async (t) => {
    const server = await redisServer(t)
    const { connect, said } = reported(t)
    connect(server.url.replace('redis://', 'rediss://'))
    t.match(await said(1), [
      ['Redis is unreachable', { cause: /^connect ETIMEDOUT: .*Does the port use TLS\?$/ }]
    ])
  })

  t.test('unreachable sentinels are named as the cause', async (t) => {
    const { connect, said, lines } = reported(t)
    const connection = connect(`redis+sentinel://127.0.0.1:${await freePort()}/gatehouse`)
    t.match(await said(1), [
      ['Redis is unreachable', { cause: /^All sentinels are unreachable\./ }]
    ])
    await new Promise<void>((resolve) => connection.once('error', () => resolve()))
    t.equal(lines.length, 1, 'the pause before the next attempt makes no other cause')
  })
})

t.test(
  'a missing right is named without running its command',
  { skip: redisMissing },
  async (t) => {
    const server = await redisServer(t)
    let keyPrefix = ''
    const faultOf = async (name: string, ...rules: string[]) => {
      await server.redis.call('acl', 'setuser', name, 'on', '>pw', '+ping', '+info', ...rules)
      const { redis, connect } = reported(t)
      connect(server.url.replace('//', `//${name}:pw@`), { keyPrefix })
      await redis.settled(LONG_MS)
      return redis.startFault([{ key: 'one', commands: ['get KEY', 'set KEY a', 'time'] }])
    }
    t.equal(await faultOf('whole', '~one', '+eval_ro', '+get', '+set', '+time'), null)
    t.match(
      await faultOf('reader', '%R~one', '+eval_ro', '+get', '+set', '+time'),
      /^Redis cannot be used: NOPERM .* may not run set on one\. Give the user .*docs\/stores\.md/
    )
    t.match(
      await faultOf('stranger', '~one', '+eval_ro', '+get', '+set'),
      /may not run time on one/
    )
    t.match(await faultOf('scriptless', '~one', '+get'), /NOPERM.*eval_ro/)
    keyPrefix = 'staging:'
    t.match(
      await faultOf('unprefixed', '~one', '+eval_ro', '+get', '+set', '+time'),
      /may not use the key staging:one\. Give the user .*docs\/stores\.md/
    )
    t.equal(await server.redis.exists('one'), 0)
  }
)

t.test(
  'a Redis that evicts keys is reported with the setting to change',
  { skip: redisMissing },
  async (t) => {
    const server = await redisServer(t)
    const well = reported(t)
    well.connect(server.url)
    await well.redis.settled(LONG_MS)
    t.strictSame([well.redis.evictionFault, well.lines], [null, []])

    await server.redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
    const evicting = reported(t)
    const connection = evicting.connect(server.url)
    await evicting.redis.settled(LONG_MS)
    t.match(evicting.redis.evictionFault, /maxmemory-policy is allkeys-lru.*Set .* to noeviction$/)
    t.equal(evicting.lines.length, 1)

    await server.redis.config('SET', 'maxmemory-policy', 'noeviction')
    connection.disconnect(true)
    await eventually(
      async () => evicting.redis.evictionFault,
      (fault) => fault === null,
      LONG_MS
    )
    t.equal(evicting.redis.evictionFault, null, 'asked again on the next connection')
  }
)
