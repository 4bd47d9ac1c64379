import { randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { authority } from '@gatehouse/fixtures/certificates'
import { eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { flakyLink } from '@gatehouse/fixtures/flaky-link'
import { patience } from '@gatehouse/fixtures/patience'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t, { type Test } from 'tap'
import { readConfig } from '../src/config.ts'
import { startAuth } from '../src/start.ts'
import { authProcess } from './fixtures/auth-process.ts'
import { email, password } from './fixtures/auth-service.ts'

async function post(url: string, path: string, json: unknown) {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: JSON.stringify(json),
    headers: { 'content-type': 'application/json' }
  })
  return { status: response.status, body: JSON.parse((await response.text()) || 'null') }
}

t.test(
  'the process starts, answers, survives a power cut, and on SIGTERM ends with 0',
  async (t) => {
    // The grace window must last until the second process has started, even on a busy machine.
    const settings = { GATEHOUSE_DATA_DIR: dataFolder(t), AUTH_REFRESH_GRACE_SECONDS: '600' }
    const first = authProcess(t, settings)
    const { url, opsUrl } = await first.ready
    const ready = await fetch(`${opsUrl}/readyz`)
    t.equal(ready.status, 200)
    t.match(await ready.json(), {
      status: 'ready',
      failing: {},
      ageSeconds: { sessions: 0, accounts: 0 }
    })
    t.equal((await post(url, '/register', { email, password })).status, 201)
    t.equal((await fetch(`${url}/readyz`)).status, 404, 'not on the public listener')
    const { refreshToken } = (await post(url, '/login', { email, password })).body
    const out = (await post(url, '/login', { email, password })).body
    const successor = (await post(url, '/refresh-token', { refreshToken })).body
    await post(url, '/logout', { refreshToken: out.refreshToken })

    first.process.kill('SIGKILL')
    await first.ended
    const second = authProcess(t, settings)
    const { url: again } = await second.ready

    t.equal((await post(again, '/login', { email, password })).status, 200, 'the account')
    const replayed = await post(again, '/refresh-token', { refreshToken })
    t.equal(replayed.body.refreshToken, successor.refreshToken, 'the generation, and the keys')
    const ended = await post(again, '/refresh-token', { refreshToken: out.refreshToken })
    t.equal(ended.body.code, 'SESSION_ENDED', 'the logout')
    second.process.kill('SIGTERM')
    t.strictSame(await second.ended, { code: 0, signal: null, stderr: '' })
  }
)

t.test(
  'on SIGHUP, the auth service serves a renewed certificate, and refuses a bad one in one line',
  async (t) => {
    const { issue, file } = await authority(t)
    const [first, renewed] = [await issue('auth'), await issue('auth')]
    const auth = authProcess(t, {
      GATEHOUSE_DATA_DIR: dataFolder(t),
      LOG_LEVEL: 'error',
      AUTH_TLS_CERT_FILE: first.cert,
      AUTH_TLS_KEY_FILE: first.key,
      AUTH_TLS_CLIENT_CA_FILE: file
    })
    const port = Number(new URL((await auth.ready).url).port)
    const own = { cert: readFileSync(renewed.cert), key: readFileSync(renewed.key) }
    const shown = async () => {
      const socket = connect({ host: '127.0.0.1', port, ...own, rejectUnauthorized: false })
      t.teardown(() => socket.destroy())
      await once(socket, 'secureConnect')
      return socket.getPeerX509Certificate()?.fingerprint256
    }
    const fingerprint = new X509Certificate(own.cert).fingerprint256
    t.not(await shown(), fingerprint)
    copyFileSync(renewed.cert, first.cert)
    copyFileSync(renewed.key, first.key)
    auth.process.kill('SIGHUP')
    t.equal(await eventually(shown, (one) => one === fingerprint, 10_000), fingerprint)

    writeFileSync(first.key, 'not a key')
    auth.process.kill('SIGHUP')
    await auth.says(/the new certificate cannot be used; the old one stays/)
    t.equal(await shown(), fingerprint)
    auth.process.kill('SIGTERM')
    const { code, stderr } = await auth.ended
    t.equal(code, 0)
    const [line = '', ...more] = stderr.trim().split('\n')
    t.strictSame(
      more.map((one) => JSON.parse(one).cause),
      [],
      'one line'
    )
    t.match(JSON.parse(line), {
      level: 50,
      cause: `AUTH_TLS_KEY_FILE: ${first.key} is not a private key in PEM without a passphrase`
    })
  }
)

t.test('invalid settings are reported in plain words', async (t) => {
  const auth = authProcess(t, {
    GATEHOUSE_DATA_DIR: dataFolder(t),
    AUTH_PORT: 'not-a-port',
    REDIS_URL: 'not-a-url'
  })
  const { code, stderr } = await auth.ended
  t.equal(code, 1)
  t.match(stderr, 'Invalid settings:\n')
  t.match(stderr, '  - AUTH_PORT must be a whole number from 0 to 65535\n')
  t.match(stderr, '  - REDIS_URL: it must begin with redis://')
  t.notMatch(stderr, 'not-a-', 'without the values')
  t.notMatch(stderr, /^\s+at /m, 'and without a stack')
})

/** Starts in this process. A process of its own prints the message of a StartFault. */
const common = (t: Test) => ({
  ...patience,
  GATEHOUSE_DATA_DIR: dataFolder(t),
  LOG_LEVEL: 'silent',
  AUTH_PORT: '0',
  AUTH_OPS_PORT: '0'
})

t.test('a start that fails closes the database that it has opened', async (t) => {
  const folder = dataFolder(t)
  writeFileSync(join(folder, 'sessions.sqlite'), 'not a database')
  const config = readConfig({ GATEHOUSE_DATA_DIR: folder, LOG_LEVEL: 'silent' })
  await t.rejects(startAuth(config), {
    name: 'StartFault',
    message: /cannot use .*sessions\.sqlite: file is not a database$/
  })
  const files = readdirSync(folder)
  t.ok(files.includes('accounts.sqlite'), 'it was opened')
  t.notOk(files.includes('accounts.sqlite-wal'), 'SQLite deletes it with the last connection')
})

t.test('a port in use is reported in plain words', async (t) => {
  const other = createServer()
  await once(other.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => other.close())
  const address = other.address()
  const port = String(typeof address === 'object' ? address?.port : '')
  const settings = { GATEHOUSE_DATA_DIR: dataFolder(t), AUTH_PORT: port }
  const { code, stderr } = await authProcess(t, settings).ended
  t.equal(code, 1)
  t.match(
    stderr,
    /^Cannot start: AUTH_PORT: cannot listen on 127\.0\.0\.1:\d+: .*already in use\)\n$/
  )
})

t.test(
  'a password that Redis refuses is reported at once, in plain words',
  { skip: redisMissing },
  async (t) => {
    const { url, redis } = await redisServer(t)
    await redis.config('SET', 'requirepass', 'right')
    const config = readConfig({ ...common(t), REDIS_URL: url })
    await t.rejects(startAuth(config), {
      name: 'StartFault',
      message: /^Redis cannot be used: NOAUTH .*REDIS_URL needs a password, or set REDIS_PASSWORD$/
    })
  }
)

t.test(
  'in production, the auth service does not start on a Redis that evicts keys, and says what to set',
  { skip: redisMissing },
  async (t) => {
    const { url, redis } = await redisServer(t)
    await redis.config('SET', 'maxmemory-policy', 'volatile-lru')
    const secret = randomBytes(32).toString('base64url')
    const config = readConfig({
      ...common(t),
      NODE_ENV: 'production',
      REDIS_URL: url,
      TOKEN_ISSUER: 'https://auth.example',
      AUTH_REFRESH_KEYS: `1:${secret}`,
      AUTH_KEY_ENCRYPTION_KEY: secret,
      AUTH_OPS_TOKEN: secret,
      DATABASE_URL: 'sqlite:'
    })
    await t.rejects(startAuth(config), {
      name: 'StartFault',
      message: /^Redis evicts keys .* Set maxmemory-policy to noeviction$/
    })
  }
)

t.test('the auth service is ready once Redis has answered', { skip: redisMissing }, async (t) => {
  const link = await flakyLink(t, (await redisServer(t)).port)
  link.cut()
  const REDIS_URL = `redis://127.0.0.1:${link.port}`
  const config = readConfig({ ...common(t), REDIS_TIMEOUT_MS: '250', REDIS_URL })
  const { opsUrl, close } = await startAuth(config)
  t.teardown(close)
  const readyz = async () => (await (await fetch(`${opsUrl}/readyz`)).json()) as { status: string }
  const sessions = 'the session store has not answered since the start'
  t.match(await readyz(), { status: 'not ready', failing: { sessions } })

  link.mend()
  const ready = await eventually(readyz, ({ status }) => status === 'ready', 20_000)
  t.match(ready, { status: 'ready', failing: {} })
})
