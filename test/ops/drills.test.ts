import { client, eventually } from '@gatehouse/fixtures/client'
import { collector } from '@gatehouse/fixtures/collector'
import { flakyLink } from '@gatehouse/fixtures/flaky-link'
import { installation } from '@gatehouse/fixtures/installation'
import { operator } from '@gatehouse/fixtures/operator'
import { ownClock } from '@gatehouse/fixtures/own-time'
import { postgresMissing } from '@gatehouse/fixtures/postgres-server'
import { redisMissing } from '@gatehouse/fixtures/redis-server'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import t from 'tap'
import {
  counted,
  countsOf,
  type Exported,
  exported,
  gaugesOf,
  storeMetrics,
  workerMetrics
} from '../metrics/fixtures/exported-metrics.ts'
import { documentedMetrics, metricTable } from '../metrics/fixtures/metric-queries.ts'
import { sampledLogin } from './fixtures/sampled-login.ts'

const skip = redisMissing || postgresMissing

/** The options that name gateways. */
const at = (gateways: readonly { readonly url: string }[]): string[] =>
  gateways.flatMap(({ url }) => ['--gateway', url])

/**
 * For their metrics, the access log is on, but writes no line, and gateways also listen to proxies.
 */
const settings = {
  GATEWAY_VERIFY_PORT: '0',
  GATEWAY_TRUSTED_PROXIES: '127.0.0.1',
  GATEWAY_ACCESS_LOG: 'on',
  GATEWAY_ACCESS_LOG_SAMPLES: '1xx=0 2xx=0 3xx=0 4xx=0 5xx=0 none=0'
}
const traces = await collector(t)
const system = skip
  ? null
  : await installation(t, {
      auths: 1,
      gateways: 2,
      settings: { ...settings, OTEL_EXPORTER_OTLP_ENDPOINT: traces.endpoint }
    })
const running = () => {
  if (system === null) throw new Error(String(skip))
  // A drill must not fail because other programs use the processors.
  return { ...system, ops: operator(system.folder, {}, ownClock()) }
}

t.test('on a healthy installation, every drill succeeds', { skip }, async (t) => {
  const { gateways, ops } = running()
  const all = { asked: 2, live: 2 }

  const revoke = await ops(['drill', 'revoke', ...at(gateways), '--json'])
  t.match(revoke, { code: 0, json: { rounds: 20, gateways: all, p50Ms: Number, worstMs: Number } })
  t.comment(`two gateways, in ms: ${revoke.stdout}`)

  const theft = await ops(['drill', 'theft', ...at(gateways), '--json'])
  t.match(theft, { code: 0, json: { session: /./, gateways: all } }, theft.stdout)

  t.match(await ops(['drill', 'rotation', ...at(gateways)]), { code: 1, stderr: /--yes/ })
  const few = ['--clients', '2']
  const rotation = await ops(['drill', 'rotation', ...at(gateways), ...few, '--yes', '--json'])
  t.match(rotation, { code: 0, json: { failed: 0, clients: 2 } }, rotation.stdout)
  const { requests, answers, kid } = rotation.json as Record<string, never>
  t.strictSame(answers, { OK: requests })
  const { keys } = (await ops(['keys', 'list', '--json'])).json as {
    keys: { kid: string; state: string }[]
  }
  t.equal(keys.find(({ state }) => state === 'active')?.kid, kid, 'it was a real one')

  const some = await ops(['drill', 'revoke', ...at(gateways.slice(1)), '--rounds', '1'])
  t.match(some, { code: 0, stdout: /1 of 2 live gateways asked: name the others with --gateway/ })
  const { stdout } = await ops(['users', 'list'])
  const accounts = stdout.split('\n').filter((line) => line.includes('@drill.invalid'))
  t.equal(accounts.length, 4)
  t.ok(
    accounts.every((line) => line.includes('disabled')),
    'no account of a drill can be used afterwards'
  )
})

/** The labels of the samples of a metric. */
const labelsOf = ({ samples }: Exported, metric: string): string[] => [
  ...new Set(
    samples.filter(({ name }) => name === metric).flatMap(({ labels }) => Object.keys(labels))
  )
]

t.test('docs/metrics.md has every metric of an installation', { skip }, async (t) => {
  const { gateways, auths, orders } = running()
  const all = await exported([...gateways, ...auths, ...orders].map(({ opsUrl }) => opsUrl))
  // The other example does not run here, and has the same metrics.
  const metrics = new Set([...all.types.keys(), ...workerMetrics, 'echo_build_info'])
  const ours = (names: Iterable<string>) =>
    [...names].filter((name) => /^(gateway|auth)_/.test(name)).sort()
  t.strictSame(ours(metrics), ours(metricTable.map(({ metric }) => metric)))
  t.strictSame(
    documentedMetrics().filter(({ metric }) => !metrics.has(metric)),
    [],
    'the other documents name no other metric'
  )
  for (const [metric, labels] of Object.entries(storeMetrics)) {
    t.ok(
      all.samples.some(({ name }) => name === metric),
      `${metric} has a sample`
    )
    t.strictSame(labelsOf(all, metric), labels, `${metric}: labels`)
  }
})

t.test('the metrics show the calls of Redis and PostgreSQL, and the pool', { skip }, async (t) => {
  const { gateways, auths } = running()
  const opsUrls = auths.map(({ opsUrl }) => opsUrl)
  const api = client(gateways[0]?.url ?? '')
  const [email, password] = ['metered@example.com', 'correct horse battery']
  await api.register(email, password)
  const before = countsOf(await exported(opsUrls))
  const { refreshToken } = (await api.login(email, password)).body
  await api.refresh(refreshToken)
  await api.logout(refreshToken)
  const all = await exported(opsUrls)
  const calls = counted(before, countsOf(all))
  const did = (call: string) => calls[`auth_store_call_duration_seconds ${call}`] ?? 0
  for (const call of ['session_open', 'session_present', 'session_end']) {
    t.equal(did(`redis ${call}`), 1, call)
  }
  // Background work calls the tables as well.
  for (const call of ['connect', 'begin', 'select', 'insert', 'update', 'commit']) {
    t.ok(did(`postgresql ${call}`) > 0, call)
  }
  const errors = Object.entries(countsOf(all)).filter(([series]) => series.includes('call_errors'))
  t.ok(errors.length > 20, 'each call has a series from the start')
  const gauges = gaugesOf(all)
  t.equal(gauges.auth_database_connections_limit, 10 * auths.length)
  t.ok((gauges.auth_database_connections ?? 0) >= auths.length)
  t.ok((gauges.auth_database_connections_idle ?? -1) >= 0)
  t.equal(gauges.auth_database_calls_waiting, 0)
  const heartbeatAge = gauges.auth_revocation_heartbeat_age_seconds ?? -1
  t.ok(heartbeatAge >= 0 && heartbeatAge < 60, `heartbeats: ${heartbeatAge} s`)
})

t.test('a sampled login is one trace, from the gateway to the stores', { skip }, (t) =>
  sampledLogin(t, running().gateways[0]?.url ?? '', traces)
)

t.test('a drill fails on a faulty installation', { skip }, async (t) => {
  const { ops, redis, startGateway, ...installed } = running()
  const { gateways } = installed
  const link = await flakyLink(t, redis.port)
  const deaf = await startGateway({ REDIS_URL: `redis://127.0.0.1:${link.port}` })
  const [first] = gateways
  if (first === undefined) throw new Error('there are gateways')
  link.cut()
  const without = await ops(['drill', 'revoke', ...at([first, deaf]), '--rounds', '1', '--json'])
  t.match(without, { code: 1, json: { error: { code: 'DRILL_FAILED', detail: deaf.url } } })
  const theft = await ops(['drill', 'theft', ...at([first, deaf])])
  t.match(theft, { code: 1, stderr: /still accepts a revoked token/ })
  link.mend()

  // The new key is published, and clients do not have a token of it yet.
  const tellings = async () =>
    (await redis.redis.xrange(REVOCATION_STREAM, '-', '+')).filter(([, fields]) =>
      fields.includes('key-set')
    ).length
  const before = await tellings()
  const rotate = async (attempts: number): Promise<{ rotation: ReturnType<typeof ops> }> => {
    const rotation = ops([
      'drill',
      'rotation',
      ...at(gateways),
      '--clients',
      '2',
      '--yes',
      '--json'
    ])
    const told = await eventually(tellings, (count) => count > before, 20_000)
    // If a drill meets a 503 for another reason, for example on a busy machine, it ends before its
    // client was told.
    return told > before || attempts === 1 ? { rotation } : rotate(attempts - 1)
  }
  const { rotation } = await rotate(3)
  t.ok((await tellings()) > before)
  await gateways[1]?.kill()
  const failed = await rotation
  t.match(failed, { code: 1, json: { error: { detail: /NO_ANSWER/ } } }, failed.stdout)

  const nowhere = await ops(['drill', 'revoke', '--gateway', gateways[1]?.url ?? ''])
  t.match(nowhere, { code: 1, stderr: /failed: NO_ANSWER/ })
  t.equal((await ops(['drill', 'revoke', '--gateway', 'nowhere'])).code, 2)
})
