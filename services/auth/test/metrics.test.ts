import { join } from 'node:path'
import { authority, type IssuedFiles } from '@gatehouse/fixtures/certificates'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { openTls } from '@gatehouse/tls/process-tls'
import { sql } from 'kysely'
import { Registry } from 'prom-client'
import t from 'tap'
import { hashQueue } from '../src/accounts/passwords/hash-queue.ts'
import { auditLog, writeAudit } from '../src/audit/audit-log.ts'
import { auditMetrics } from '../src/audit/audit-metrics.ts'
import { authCertificates } from '../src/auth-certificates.ts'
import { readConfig } from '../src/config.ts'
import { openTables } from '../src/database/opening/open-tables.ts'
import { openSqlite } from '../src/database/sqlite/open-sqlite.ts'
import { databaseMetrics } from '../src/database/watching/database-metrics.ts'
import { storeMetrics } from '../src/telemetry/store-metrics.ts'
import { authService, email, login, password, registered } from './fixtures/auth-service.ts'
import { patient } from './fixtures/database/databases.ts'

type Auth = Awaited<ReturnType<typeof authService>>

/** The count of each series of a histogram, by its labels. */
async function counts({ registry }: Auth, name: string): Promise<Record<string, number>> {
  const metric = await registry.getSingleMetric(name)?.get()
  const values = (metric?.values ?? []) as readonly {
    readonly metricName?: string
    readonly value: number
    readonly labels: Readonly<Record<string, string | number>>
  }[]
  const of = values.filter(({ metricName }) => metricName === `${name}_count`)
  return Object.fromEntries(of.map(({ labels, value }) => [Object.values(labels).join(' '), value]))
}

t.test(
  'requests are counted by route and status, and by nothing that a client chooses',
  async (t) => {
    const auth = await authService(t)
    await registered(auth)
    await auth.post('/register', { email, password })
    const { refreshToken } = await login(auth)
    await login(auth)
    await auth.post('/login', { email, password: 'a wrong one' })
    await auth.post('/refresh-token', { refreshToken })
    await auth.post('/refresh-token', { refreshToken: 'garbled' })
    await auth.get('/chosen-by-a-client')
    t.strictSame(await counts(auth, 'auth_request_duration_seconds'), {
      '/register 201': 1,
      '/register 409': 1,
      '/login 200': 2,
      '/login 401': 1,
      '/refresh-token 200': 1,
      '/refresh-token 401': 1,
      'none 404': 1
    })
    t.strictSame(await counts(auth, 'auth_password_hash_wait_seconds'), { '': 5 }, 'hashes')
    t.match(
      await auth.registry.getSingleMetricAsString('auth_password_hashes_waiting'),
      /^auth_password_hashes_waiting 0$/m
    )
    t.match(
      await auth.registry.getSingleMetricAsString('auth_password_hashes_refused_total'),
      /^auth_password_hashes_refused_total 0$/m
    )
  }
)

t.test('the metrics show how many hashes wait, how long, and how many are refused', async (t) => {
  const told: string[] = []
  let waits = 0
  const queue = hashQueue({
    width: 1,
    longest: 1,
    watch: {
      waiting: (count) => void told.push(`${count} wait`),
      waited: (seconds) => {
        waits += 1
        t.ok(seconds >= 0)
      },
      refused: () => void told.push('refused')
    }
  })
  const first = Promise.withResolvers<void>()
  const running = queue(() => first.promise)
  const waiting = queue(async () => 'done')
  await t.rejects(
    queue(async () => 'never'),
    { code: 'UNAVAILABLE' }
  )
  first.resolve()
  await running
  t.equal(await waiting, 'done')
  t.strictSame(told, ['1 wait', 'refused', '0 wait'])
  t.equal(waits, 2, 'the refused one did not begin')
})

t.test('the metrics show when the certificates for the stores expire', async (t) => {
  const { issue, file } = await authority(t)
  const database = await issue('auth', [], new Date('2031-01-01'))
  const redis = await issue('auth', [], new Date('2032-01-01'))
  const [listener, keys] = [await issue('auth', [], new Date('2033-01-01')), await issue('auth')]
  const files = (name: string, issued: IssuedFiles) => ({
    [`${name}_CERT_FILE`]: issued.cert,
    [`${name}_KEY_FILE`]: issued.key
  })
  const config = readConfig({
    GATEHOUSE_DATA_DIR: dataFolder(t),
    DATABASE_URL: 'postgres://auth@database/auth',
    DATABASE_CA_FILE: file,
    ...files('DATABASE', database),
    REDIS_URL: 'rediss://redis:6379',
    ...files('REDIS', redis),
    ...files('AUTH_OPS_TLS', listener),
    GATEWAY_KEYS_URL: 'https://gateway',
    ...files('GATEWAY_KEYS', keys)
  })
  const tls = openTls('AUTH', config, serviceLog('auth', 'silent'))
  t.teardown(tls.close)
  const held = authCertificates(config, tls)().map(({ name, expiresMs }) => [name, expiresMs])
  const { DATABASE_CA_FILE, GATEWAY_KEYS_CERT_FILE, ...own } = Object.fromEntries(held)
  t.ok(DATABASE_CA_FILE > Date.now())
  t.ok(GATEWAY_KEYS_CERT_FILE > Date.now())
  t.strictSame(own, {
    DATABASE_CERT_FILE: Date.parse('2031-01-01'),
    REDIS_CERT_FILE: Date.parse('2032-01-01'),
    AUTH_OPS_TLS_CERT_FILE: Date.parse('2033-01-01')
  })
})

t.test('calls that a database cannot answer are errors, and its answers are not', async (t) => {
  const registry = new Registry()
  const metrics = databaseMetrics(registry, storeMetrics(registry), auditMetrics(registry))
  const folder = dataFolder(t)
  const database = await openTables({ address: null, folder, poolSize: 1, metrics, ...patient })
  t.teardown(() => database.destroy())
  const errors = async () => {
    const counter = await registry.getSingleMetric('auth_store_call_errors_total')?.get()
    const values = counter?.values ?? []
    return Object.fromEntries(
      values.flatMap(({ labels, value }) => (value === 0 ? [] : [[labels.call, value]]))
    )
  }
  const audit = auditLog(database, Date.now)
  const event = { kind: 'logout', subject: 'a user', sid: 'a session' } as const
  const source = { address: '', requestId: '' }
  await t.rejects(
    database.transaction().execute(async (transaction) => {
      await writeAudit(transaction, { ...event, source }, 0)
      throw new Error('rolled back')
    }),
    /rolled back/
  )
  await audit.write({ ...event, source })
  const written = await registry.getSingleMetricAsString('auth_audit_events_total')
  t.match(written, /\{kind="logout"\} 1$/m, 'an event counts when it is committed')

  await t.rejects(sql`select nothing`.execute(database), /nothing/)
  t.strictSame(await errors(), {}, 'an answer that a statement is wrong')
  const other = openSqlite(join(folder, 'accounts.sqlite'))
  t.teardown(() => other.close())
  other.exec('begin immediate')
  await t.rejects(audit.write({ ...event, source }), { code: 'UNAVAILABLE' })
  t.strictSame(await errors(), { insert: 1 }, 'a file that another process has locked')
})
