import { fileURLToPath } from 'node:url'
import { MaxRetriesPerRequestError } from 'ioredis/built/errors/index.js'
import t from 'tap'
import { redisAddress } from '../src/redis-address.ts'
import { faultCause } from '../src/reports/fault-cause.ts'
import { redisFaults } from '../src/settings.ts'

t.test('the address of one server has the form that Redis itself knows', async (t) => {
  t.strictSame(redisAddress('redis://127.0.0.1'), {
    kind: 'server',
    host: '127.0.0.1',
    port: 6379,
    secure: false,
    options: { db: 0 }
  })
  t.strictSame(redisAddress('rediss://user:p%40ss@[::1]:7000/2'), {
    kind: 'server',
    host: '::1',
    port: 7000,
    secure: true,
    options: { username: 'user', password: 'p@ss', db: 2 }
  })
  t.match(redisAddress('redis://:pw@redis?db=3'), { options: { password: 'pw', db: 3 } })
})

t.test(
  'a sentinel address names the sentinels, the master and the credentials of both',
  async (t) => {
    const url =
      'rediss+sentinel://user:p%40ss@one:1001,two,[::1]:1003/main?db=2&sentinelPassword=s%26p'
    t.strictSame(redisAddress(url), {
      kind: 'sentinel',
      name: 'main',
      secure: true,
      sentinelsSecure: true,
      sentinels: [
        { host: 'one', port: 1001 },
        { host: 'two', port: 26379 },
        { host: '::1', port: 1003 }
      ],
      credentials: { password: 's&p' },
      options: { username: 'user', password: 'p@ss', db: 2 }
    })
    t.match(redisAddress('redis+sentinel://one/main'), { options: { db: 0 }, secure: false })
    t.match(redisAddress('rediss+sentinel://one/main?sentinelTls=false'), {
      secure: true,
      sentinelsSecure: false
    })
  }
)

t.test('a cluster address names some of the nodes', async (t) => {
  t.strictSame(redisAddress('rediss+cluster://user:p%40ss@one:7000,two,[::1]:7002'), {
    kind: 'cluster',
    secure: true,
    nodes: [
      { host: 'one', port: 7000 },
      { host: 'two', port: 6379 },
      { host: '::1', port: 7002 }
    ],
    options: { username: 'user', password: 'p@ss' }
  })
})

t.test('passwords can be separate settings, without percent-encoding', async (t) => {
  const server = 'p%40ss/:é'
  t.match(redisAddress('redis://user@one', { server }), {
    options: { username: 'user', password: server }
  })
  t.match(redisAddress('redis+cluster://one:7000', { server }), { options: { password: server } })
  t.match(
    redisAddress('redis+sentinel://one/main?sentinelUsername=s', { server, sentinels: 'p%40' }),
    { options: { password: server }, credentials: { username: 's', password: 'p%40' } }
  )
  for (const [url, passwords, message] of [
    ['redis://:secret@one', { server }, /^it has a password, and REDIS_PASSWORD is set/],
    [
      'redis+sentinel://one/main?sentinelPassword=secret',
      { sentinels: 'x' },
      /^it has a password, and REDIS_SENTINEL_PASSWORD is set/
    ],
    [
      'redis://one',
      { sentinels: 'x' },
      /^it names no sentinels, and REDIS_SENTINEL_PASSWORD is set/
    ]
  ] as const) {
    t.throws(() => redisAddress(url, passwords), { message }, url)
  }
})

t.test('an invalid address is refused with a message that does not contain it', async (t) => {
  const faults: [url: string, message: RegExp][] = [
    ['user:secret@localhost:6379', /^it must begin with redis:\/\/, redis\+sentinel/],
    ['redis+sentinel://user:secret@one:1001', /the name of the master/],
    ['redis+cluster://user:secret@one:1001/2', /no other database than 0/],
    ['redis://user:secret@one,two', /name several hosts/],
    ['redis://user:secret@one/main', /its database must be a number/],
    ['redis://user:secret@one?database=1', /unknown parameter database; allowed: db/],
    ['redis://user:12?secret@one:6379', /unknown parameter \(in a password, \? is written %3F/],
    ['redis://user:?a=secret@one', /unknown parameter \(in a password/],
    ['redis://user:12?secret%40one', /unknown parameter \(in a password/],
    ['redis://user@one', /user without a password/],
    ['redis+sentinel://one/main?sentinelUsername=a', /user without a password/],
    ['redis://user:secret@one:port', /host or port is not valid/],
    ['redis://user:secret@', /host or port is not valid/],
    ['redis://user:secret@::1:6379', /host or port is not valid: write host:port, or \[::1\]:6379/],
    ['redis://user:secret@one;two', /host or port is not valid/],
    ['redis://user:secret#1@one', /percent-encode the special characters.*# as %23/],
    ['redis://user:secret%zz@one', /^percent-encode the special characters.*% as %25/]
  ]
  for (const [url, message] of faults) {
    t.throws(() => redisAddress(url), { message }, url)
    try {
      redisAddress(url)
    } catch (error) {
      t.notMatch(String(error), 'secret')
    }
  }
})

t.test('a file of authorities without a certificate is a fault', async (t) => {
  const settings = {
    REDIS_TIMEOUT_MS: 250,
    REDIS_KEY_PREFIX: '',
    REDIS_TLS_VERIFY: 'full'
  } as const
  const REDIS_CA_FILE = fileURLToPath(import.meta.url)
  t.strictSame(redisFaults({ ...settings, REDIS_URL: 'rediss://one', REDIS_CA_FILE }), [
    `REDIS_CA_FILE: ${REDIS_CA_FILE} is not a certificate in PEM`
  ])
})

t.test('a command without a connection fails with a cause in plain words', async (t) => {
  const error = new Error("Stream isn't writeable and enableOfflineQueue options is false")
  t.equal(faultCause(error), 'there is no connection to Redis')
})

t.test('a command whose connection is cut fails with a cause in plain words', async (t) => {
  const cut = new MaxRetriesPerRequestError(0)
  t.equal(faultCause(cut), 'the connection to Redis was closed before the reply')
})

t.test('a fault of TLS is one line, without the source of OpenSSL', async (t) => {
  const fault = new Error(
    '40CD:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:' +
      '../deps/openssl/openssl/ssl/record/rec_layer_s3.c:918:SSL alert number 116\n'
  )
  t.equal(faultCause(fault), 'tlsv13 alert certificate required (SSL routines)')
  const named = Object.assign(fault, { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' })
  t.equal(
    faultCause(named),
    'tlsv13 alert certificate required (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)'
  )
})
