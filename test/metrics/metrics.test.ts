import { once } from 'node:events'
import t from 'tap'
import { read } from '../rules/fixtures/source-files.ts'
import { countedEnds } from './fixtures/counted-ends.ts'
import { letterSent, loggedIn, passed, refused, token } from './fixtures/expected-counts.ts'
import { gaugesOf, storeMetrics, workerMetrics } from './fixtures/exported-metrics.ts'
import { meteredSystem } from './fixtures/metered-system.ts'
import { metricTable, queries, selectedBy } from './fixtures/metric-queries.ts'
import { movedElsewhere } from './fixtures/moved-elsewhere.ts'

const password = 'correct horse battery'

const system = await meteredSystem(t)
const { api, url, ops, counting, showing } = system

const signUp = async (email: string) => {
  const { user } = (await api.register(email, password)).body
  return { ...user, ...(await api.login(email, password)).body }
}

t.test('a registration, a login and a failed login are counted', async (t) => {
  const email = 'ada@example.com'
  const registered = {
    ...passed('login', 'auth', '2xx'),
    'auth_request_duration_seconds /register 201': 1,
    auth_password_hash_wait_seconds: 1,
    'auth_audit_events_total user-created': 1
  }
  await counting(t, 'a registration', registered, () => api.register(email, password))
  await counting(t, 'a login', loggedIn(), () => api.login(email, password))
  const failed = {
    ...passed('login', 'auth', '4xx'),
    'auth_request_duration_seconds /login 401': 1,
    auth_password_hash_wait_seconds: 1,
    'auth_audit_events_total login-failed': 1
  }
  await counting(t, 'a wrong password', failed, () => api.login(email, 'not the password'))
})

t.test('access tokens are counted by outcome', async (t) => {
  const { accessToken } = await signUp('tokens@example.com')
  const call = (path: string, bearer: string) => () => api.call(path, { token: bearer })
  const answered = passed('echo', 'echo', '2xx', 'GET')
  await counting(t, 'a new one', { ...answered, ...token('verified') }, call('/echo', accessToken))
  const known = { ...answered, ...token('remembered') }
  await counting(t, 'a known one', known, call('/echo', accessToken))
  const forged = `${accessToken.slice(0, -8)}AAAAAAAA`
  const unauthenticated = { ...refused('echo', 'UNAUTHENTICATED'), ...token('refused') }
  await counting(t, 'a forged one', unauthenticated, call('/echo', forged))
  await counting(t, 'no route', refused('none', 'NOT_FOUND'), () => api.call('/nowhere'))
  const gauges = await system.read(gaugesOf)
  for (const name of [
    'gateway_remembered_tokens',
    'gateway_remembered_token_bytes',
    'gateway_assertion_bytes',
    'gateway_connections'
  ]) {
    t.ok((gauges[name] ?? 0) > 0, name)
    system.moved.add(name)
  }
})

t.test('refreshes are counted by outcome, and a reused token ends one session', async (t) => {
  const first = await signUp('refreshes@example.com')
  const asked = (status: string, code: number, times = 1) => ({
    ...passed('refresh', 'auth', status, 'POST', times),
    [`auth_request_duration_seconds /refresh-token ${code}`]: times
  })
  const rotated = { ...asked('2xx', 200), 'auth_refresh_total rotated': 1 }
  const second = await counting(t, 'a refresh', rotated, () => api.refresh(first.refreshToken))
  const reused = {
    ...asked('4xx', 401),
    'auth_refresh_total reused': 1,
    'auth_sessions_ended_total reused': 1,
    'auth_audit_events_total refresh-reused': 1,
    ...letterSent
  }
  await counting(t, 'a spent token', reused, () => api.refresh(first.refreshToken))
  await showing(t, 'the session is revoked', { gateway_revocations: 1 })
  const ofEnded = { ...refused('echo', 'SESSION_ENDED'), ...token('verified') }
  await counting(t, 'its access token', ofEnded, () =>
    api.call('/echo', { token: second.body.accessToken })
  )
  const ended = {
    ...asked('4xx', 401, 7),
    'auth_refresh_total ended': 7,
    'auth_audit_events_total refresh-ended': 5,
    'auth_audit_events_left_out_total refresh-ended': 2
  }
  await counting(t, 'seven refreshes of the ended session', ended, async () => {
    for (let round = 0; round < 7; round += 1) await api.refresh(second.body.refreshToken)
  })
})

t.test('ends of sessions are counted by reason', (t) => countedEnds(t, system))

t.test('limits, failing services, broken responses and WebSockets are counted', async (t) => {
  const { accessToken } = await signUp('services@example.com')
  const call = (path: string) => () => api.call(path, { token: accessToken })
  const served = { ...passed('few', 'echo', '2xx', 'GET'), ...token('verified') }
  await counting(t, 'within the limit', served, call('/few'))
  const limited = { ...refused('few', 'RATE_LIMITED'), ...token('remembered') }
  await counting(t, 'above it', limited, call('/few'))
  const gone = { ...refused('gone', 'UPSTREAM_UNAVAILABLE', '5xx'), ...token('remembered') }
  await counting(t, 'a service that is gone', gone, call('/gone'))
  await showing(t, 'its address is avoided', { 'gateway_upstream_available gone': 0 })
  const broken = { ...passed('live', 'live', '2xx', 'GET'), 'gateway_broken_answers_total live': 1 }
  await counting(t, 'a client that leaves', broken, async () => {
    const leaving = new AbortController()
    await fetch(`${url}/live`, { signal: leaving.signal })
    await showing(t, 'its request is in flight', {
      'gateway_upstream_requests live': 1,
      'gateway_upstream_request_callers live': 1
    })
    leaving.abort()
  })
  const handshake = { 'gateway_upstream_duration_seconds live': 1 }
  await counting(t, 'a WebSocket is not a request with a duration', handshake, async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/live`)
    await once(socket, 'open')
    await showing(t, 'it is open', {
      'gateway_upstream_websockets live': 1,
      'gateway_upstream_websocket_callers live': 1
    })
    socket.close()
    await showing(t, 'it is closed', { 'gateway_upstream_websockets live': 0 })
  })
})

t.test('signing keys are shown by state', async (t) => {
  await showing(t, 'before', { 'auth_signing_keys active': 1, 'auth_signing_keys retiring': 0 })
  const rotated = {
    'auth_audit_events_total key-created': 1,
    'auth_audit_events_total key-activated': 1
  }
  await counting(t, 'a rotation', rotated, () => ops(['keys', 'rotate']))
  await showing(t, 'after it', { 'auth_signing_keys active': 1, 'auth_signing_keys retiring': 1 })
})

t.test('gauges show a system at rest', async (t) => {
  await showing(t, 'state', {
    auth_password_hashes_waiting: 0,
    auth_signing_key_rotation_seconds: 30 * 86_400,
    auth_audit_chain_broken: 0,
    auth_audit_unchained_seconds: 0,
    gateway_connections_limit: 20_000,
    gateway_key_set_trusted: 1,
    gateway_route_faults: 0
  })
  const { version } = JSON.parse(read('package.json'))
  await showing(t, 'versions', {
    [`auth_build_info ${version} ${process.versions.node}`]: 1,
    [`echo_build_info ${version} ${process.versions.node}`]: 1,
    [`gateway_build_info ${version} ${process.versions.node}`]: 1,
    [`orders_build_info ${version} ${process.versions.node}`]: 1
  })
  const gauges = await system.read(gaugesOf)
  for (const [name, most] of Object.entries({
    auth_audit_head_age_seconds: 60,
    auth_signing_key_age_seconds: 60,
    gateway_key_set_age_seconds: 60,
    gateway_revocation_staleness_seconds: 5
  })) {
    const value = gauges[name] ?? Number.POSITIVE_INFINITY
    t.ok(value >= 0 && value < most, `${name}: ${value}`)
    system.moved.add(name)
  }
})

t.test('each metric of docs/metrics.md changes in a test of docs/metrics.md', async (t) => {
  for (const file of Object.keys(movedElsewhere)) t.ok(read(file))
  const others = Object.values(movedElsewhere).flat()
  const documented = metricTable
    .map(({ metric }) => metric)
    .filter((metric) => /^(gateway|auth|echo|orders)_/.test(metric))
  t.strictSame([...system.moved, ...others].sort(), documented.sort())
})

/** The labels that Prometheus itself adds to every sample. */
const scraped = ['job', 'instance']

t.test('dashboard, alerts and documents select by labels that the metrics have', async (t) => {
  const labels = new Map([...system.labels, ...Object.entries(storeMetrics)])
  for (const metric of workerMetrics) labels.set(metric, [])
  for (const query of queries()) {
    const selected = selectedBy(query).filter(({ metric }) => metric !== 'up')
    const known = selected.flatMap(({ metric }) => {
      const declared = labels.get(metric) ?? labels.get(metric.replace(/_(count|sum|bucket)$/, ''))
      t.ok(declared, `${query.place}: ${metric}`)
      return declared ?? []
    })
    const unknown = selected
      .flatMap((one) => one.labels)
      .filter((label) => ![...known, ...scraped].includes(label))
    t.strictSame(unknown, [], `${query.place}: labels`)
  }
})
