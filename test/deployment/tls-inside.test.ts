import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { client } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import { operator } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { freePort } from '@gatehouse/start/free-port'
import { readClientTls } from '@gatehouse/tls/client-tls'
import { type Fetch, securedFetch } from '@gatehouse/tls/secured-fetch'
import t, { type Test } from 'tap'
import { root } from '../rules/fixtures/source-files.ts'

const SERVICES = ['gateway', 'auth', 'orders', 'echo'] as const
const NAMES = { ca: 'ca', cert: 'cert', key: 'key' }
const [email, password] = ['ada@example.com', 'correct horse battery']

/** An authority with certificates, created as docs/tls.md describes. */
function authority(t: Test, ...names: readonly string[]) {
  const folder = join(dataFolder(t), 'tls')
  const make = (some: readonly string[], ...variables: readonly string[]) => {
    const command = join(root, 'infra/tls/make-certificates')
    execFileSync('env', [...variables, command, folder, ...some])
  }
  make(names)
  const caFile = join(folder, 'ca.crt')
  const certFile = (name: string) => join(folder, name, 'tls.crt')
  const keyFile = (name: string) => join(folder, name, 'tls.key')
  const pair = (name: string) => ({ certFile: certFile(name), keyFile: keyFile(name) })
  return {
    pair,
    /** settings of a listener that demands certificates */
    listener: (listener: string, name: string) => ({
      [`${listener}_TLS_CERT_FILE`]: certFile(name),
      [`${listener}_TLS_KEY_FILE`]: keyFile(name),
      [`${listener}_TLS_CLIENT_CA_FILE`]: caFile
    }),
    /** settings of a process that calls such a listener */
    caller: (prefix: string, name: string) => ({
      [`${prefix}_CA_FILE`]: caFile,
      [`${prefix}_CERT_FILE`]: certFile(name),
      [`${prefix}_KEY_FILE`]: keyFile(name)
    }),
    /** a service in the route table, which the gateway calls with its certificate */
    upstream: (port: string) =>
      JSON.stringify({
        addresses: [`https://127.0.0.1:${port}`],
        tls: { caFile, ...pair('gateway') }
      }),
    fetchWith: (own: { certFile?: string; keyFile?: string }): Fetch =>
      securedFetch(() => readClientTls({ caFile, ...own }, NAMES)),
    fingerprint: (name: string) => new X509Certificate(readFileSync(certFile(name))).fingerprint256,
    renew: (...some: readonly string[]) => make(some, 'RENEW_DAYS=90'),
    spoil: (name: string) => writeFileSync(keyFile(name), 'not a key'),
    /** a connection that stays open */
    async connection(t: Test, url: string) {
      const { certFile: cert, keyFile: key } = pair('operator')
      const pems = { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(caFile) }
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), ...pems })
      t.teardown(() => socket.destroy())
      await once(socket, 'secureConnect')
      return {
        fingerprint: socket.getPeerX509Certificate()?.fingerprint256,
        /** the first line of the response */
        async ask(): Promise<string | undefined> {
          socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
          const [bytes] = await once(socket, 'data')
          return String(bytes).split('\r\n')[0]
        },
        close: () => socket.destroy()
      }
    }
  }
}

/** The whole system, with certificates on both sides of every connection. */
async function securedSystem(t: Test) {
  const inside = authority(t, ...SERVICES, 'operator')
  const ports = await Promise.all([freePort(), freePort(), freePort()])
  const [auth = '', orders = '', echo = ''] = ports.map(String)
  const listeners = SERVICES.flatMap((name) => [
    inside.listener(name.toUpperCase(), name),
    inside.listener(`${name.toUpperCase()}_OPS`, name)
  ])
  const folder = dataFolder(t)
  const system = await wholeSystem(t, {
    GATEHOUSE_DATA_DIR: folder,
    AUTH_PORT: auth,
    ORDERS_PORT: orders,
    ECHO_PORT: echo,
    AUTH_URL: inside.upstream(auth),
    ORDERS_URL: inside.upstream(orders),
    ECHO_URL: inside.upstream(echo),
    ...Object.assign({}, ...listeners),
    ...inside.caller('GATEWAY_JWKS', 'gateway'),
    ...inside.caller('GATEWAY_KEYS', 'orders')
  })
  const listening = system.services.flatMap(({ name, url, opsUrl }) => [
    { name, listener: name, url },
    { name, listener: `${name} ops`, url: opsUrl }
  ])
  return { inside, folder, system, listening }
}

t.test('make-certificates names what is wrong with its arguments, and makes nothing', async (t) => {
  const folder = join(dataFolder(t), 'tls')
  const command = join(root, 'infra/tls/make-certificates')
  for (const [words, days, fault] of [
    [[folder], '30', 'usage: make-certificates FOLDER NAME...'],
    [[folder, '../auth'], '30', '"../auth" must be a host name: letters, digits, . and -'],
    [[folder, 'auth'], 'a week', 'RENEW_DAYS must be a number of days, such as 30']
  ] as const) {
    const env = { ...process.env, RENEW_DAYS: days }
    const { status, stderr } = spawnSync(command, words, { env, encoding: 'utf8' })
    t.strictSame([status, stderr], [1, `make-certificates: ${fault}\n`])
  }
  t.notOk(existsSync(folder))
})

t.test('with TLS everywhere, every connection has certificates on both sides', async (t) => {
  const { inside, folder, system, listening } = await securedSystem(t)
  const send = inside.fetchWith(inside.pair('operator'))
  const { call, ...api } = client(system.url, send)
  await api.register(email, password)
  const { accessToken: token } = (await api.login(email, password)).body
  const calls = async () => {
    const paths = ['/orders', '/echo/hello', '/auth/me']
    const answers = await Promise.all(paths.map((path) => call(path, { token })))
    return answers.map(({ status }) => status)
  }

  t.test('requests pass through the gateway to each service, and back', async (t) => {
    t.strictSame(await calls(), [200, 200, 200])
    const placed = await call('/orders', { token, json: { item: 'book', quantity: 2 } })
    t.equal(placed.status, 201, 'orders has fetched the keys of the gateway')
  })

  t.test('the operator’s command line shows its certificate', async (t) => {
    const settings = inside.caller('AUTH_OPS', 'operator')
    const listed = await operator(folder, settings)(['users', 'list', '--json'])
    t.match(listed.json, { users: [{ email }] })
    const { AUTH_OPS_CA_FILE = '' } = settings
    const refused = await operator(folder, { AUTH_OPS_CA_FILE })(['users', 'list'])
    t.equal(refused.code, 1)
    t.match(refused.stderr, /No response from https:.*AUTH_OPS_CERT_FILE/)
    const unset = await operator(folder)(['users', 'list'])
    t.match(unset.stderr, /Its certificate is not trusted: AUTH_OPS_CA_FILE names the authority/)
  })

  t.test('no listener serves a client without a certificate of the authority', async (t) => {
    const stranger = authority(t, 'stranger').pair('stranger')
    for (const { listener, url } of listening) {
      t.match(url, /^https:/, listener)
      t.ok((await send(`${url}/healthz`)).status > 0, `${listener}: with one`)
      await t.rejects(inside.fetchWith({})(`${url}/healthz`), `${listener}: without one`)
      await t.rejects(inside.fetchWith(stranger)(`${url}/healthz`), `${listener}: another one`)
      await t.rejects(fetch(url.replace('https:', 'http:')), `${listener}: without TLS`)
    }
  })

  t.test('renewed certificates are served, and no connection is dropped', async (t) => {
    const open = await Promise.all(
      listening.map(async ({ url }) => await inside.connection(t, url))
    )
    const asked = await Promise.all(open.map((one) => one.ask()))
    inside.renew(...SERVICES)
    const failed: number[] = []
    for (const { listener, name, url } of listening) {
      const shown = async () => {
        failed.push(...(await calls()).filter((status) => status !== 200))
        const { fingerprint, close } = await inside.connection(t, url)
        close()
        return fingerprint
      }
      const renewed = inside.fingerprint(name)
      const isRenewed = (one: string | undefined) => one === renewed
      const now = await endsInTime(t, faults.listenerCertificateExpired, shown, isRenewed)
      t.equal(now, renewed, listener)
    }
    t.strictSame(failed, [], 'every request in the meantime is served')
    t.strictSame(await Promise.all(open.map((one) => one.ask())), asked, 'on old connections')
    t.strictSame(await calls(), [200, 200, 200], 'with the renewed certificate of the gateway')
    const metrics = await (await send(`${system.opsUrl}/metrics`)).text()
    t.match(
      metrics,
      /^gateway_certificate_expiry_timestamp_seconds\{certificate="GATEWAY_OPS_TLS_CERT_FILE"\} \d+$/m
    )
  })

  t.test('a pair that cannot be used changes nothing', async (t) => {
    const [auth] = system.services.filter(({ name }) => name === 'auth')
    const before = inside.fingerprint('auth')
    inside.spoil('auth')
    auth?.reload?.()
    const { fingerprint } = await inside.connection(t, auth?.url ?? '')
    t.equal(fingerprint, before)
    const failed = (await calls()).filter((status) => status !== 200)
    t.equal(failed.length, faults.certificateUnusable.lost)
  })
})
