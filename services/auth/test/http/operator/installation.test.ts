import t from 'tap'
import { announcement } from '../../fixtures/announcement.ts'
import { audited } from '../../fixtures/auth-service.ts'
import { operating } from '../../fixtures/operating.ts'

const vitals = {
  version: '0.1.0',
  startedAtMs: 0,
  memoryBytes: 100e6,
  requests: 7,
  refusals: 2,
  serverErrors: 1,
  p99Seconds: 0.025,
  routesVersion: 'a'
}

t.test('the status has the stores, the last hour of the audit log, and the queues', async (t) => {
  const { auth, call } = await operating(t)
  await auth.post('/register', { email: 'ada@example.com', password: 'correct horse battery' })
  await auth.post('/login', { email: 'ada@example.com', password: 'wrong horse battery' })
  auth.clock.advance(30 * 60_000)
  await auth.post('/login', { email: 'ada@example.com', password: 'correct horse battery' })
  const status = (await call('GET', '/ops/status')).json()
  t.match(status, {
    process: { database: 'sqlite', sessionStore: 'sqlite', memoryBytes: Number },
    readiness: { failing: {}, degraded: {} },
    keyRotationDays: 30,
    auditLog: { last: 0, unchainedSince: String, head: null },
    events: { intervalSeconds: 300, isComplete: true },
    queues: [
      { kind: 'mail', pending: 0, dead: 0, pendingSince: null },
      { kind: 'webhook', pending: 0, dead: 0 }
    ]
  })
  const counts = Object.fromEntries(
    status.events.kinds.map(({ kind, counts }: { kind: string; counts: number[] }) => [
      kind,
      counts
    ])
  )
  t.strictSame(counts['login-failed'], [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])
  t.strictSame(counts.login, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
  auth.clock.advance(61 * 60_000)
  t.strictSame((await call('GET', '/ops/status')).json().events.kinds, [], 'they are older')
})

t.test('the last gateway that is ready is drained only by force', async (t) => {
  const { auth, call } = await operating(t)
  const state = { ...vitals, drained: false }
  const ready = { ...state, instance: 'ready', failing: [] }
  const ending = { ...state, instance: 'ending', failing: ['the process is ending'] }
  await auth.fleet.announce(announcement('1', { vitals: ready }))
  await auth.fleet.announce(announcement('2', { vitals: ending }))
  const { gateways } = (await call('GET', '/ops/gateways')).json()
  t.match(gateways, [{ failing: [] }, { failing: ['the process is ending'], drained: false }])
  const answer = await call('POST', '/ops/gateways/1/drain')
  t.equal(answer.statusCode, 409)
  t.match(answer.json(), { code: 'CONFLICT', detail: /no other gateway would be left/ })
  await auth.fleet.announce(
    announcement('3', { name: 'edge-1', vitals: { ...ready, instance: '3' } })
  )
  const ambiguous = await call('POST', '/ops/gateways/edge-1/drain')
  t.match(ambiguous.json(), { code: 'CONFLICT', detail: /^2 gateways have this name: use the id/ })
  t.strictSame(await auth.fleet.questions.open(), [], 'none is ordered')
})

t.test('one gateway for each route table is asked about a request', async (t) => {
  const { auth, call } = await operating(t)
  const { announce, questions } = auth.fleet
  await announce(announcement('1', { vitals }))
  await announce(announcement('2', { vitals }))
  await announce(announcement('3', { vitals: { ...vitals, routesVersion: 'b' } }))
  await announce(announcement('4'))
  t.match((await call('GET', '/ops/gateways')).json().gateways, [
    { name: 'edge-1', vitals: { requests: 7, startedAt: '1970-01-01T00:00:00.000Z' } },
    { name: 'edge-2' },
    { name: 'edge-3' },
    { name: 'edge-4', vitals: null }
  ])

  const request = { method: 'GET', path: '/orders/7' }
  const asked = call('POST', '/ops/routes/explain', request)
  let open = await questions.open()
  while (open.length === 0) {
    await new Promise(setImmediate)
    open = await questions.open()
  }
  t.match(open, [{ to: ['1', '3'], request }])
  const refusal = { status: 404, code: 'NOT_FOUND', why: 'no route has a prefix of this path' }
  const [{ id } = { id: '' }] = open
  await questions.answer(id, '1', JSON.stringify({ explanation: null, refusal }))
  await questions.answer(id, '3', '{"explanation":{"route":1}}')
  t.strictSame((await asked).json(), {
    answers: [
      { version: 'a', gateways: ['edge-1', 'edge-2'], explanation: null, refusal },
      { version: 'b', gateways: ['edge-3'], explanation: null, refusal: null }
    ],
    unasked: ['edge-4']
  })
  for (const bad of [
    { method: 'get', path: '/' },
    { method: 'GET', path: 'orders' }
  ]) {
    t.equal((await call('POST', '/ops/routes/explain', bad)).statusCode, 400)
  }
})

t.test('a route list belongs to the table that its gateways have then', async (t) => {
  const { auth, call } = await operating(t)
  const { announce, questions } = auth.fleet
  const faulty = { ...vitals, routeFaults: ['routes.yaml:1:1: it is empty'] }
  await announce(announcement('1', { vitals }))
  await announce(announcement('2', { vitals: faulty }))
  t.match((await call('GET', '/ops/gateways')).json().gateways, [
    { routeFaults: null },
    { routeFaults: ['routes.yaml:1:1: it is empty'] }
  ])
  const asked = call('GET', '/ops/routes')
  const next = async (number: number) => {
    for (;;) {
      const question = (await questions.open())[number]
      if (question !== undefined) return question
      await new Promise(setImmediate)
    }
  }
  const { id, to } = await next(0)
  t.strictSame(to, ['1'])
  // It has loaded another table after the list of gateways was read.
  await announce(announcement('1', { vitals: { ...vitals, routesVersion: 'b' } }))
  await questions.answer(id, '1', '{"routesVersion":"b","routes":[],"total":0}')
  const again = await next(1)
  t.strictSame(again.to, ['2'], 'of the others, one is asked for their table')
  await questions.answer(again.id, '2', '{"routesVersion":"a","routes":[],"total":1}')
  t.match((await asked).json().tables, [
    { version: 'b', gateways: ['edge-1'], total: 0 },
    { version: 'a', gateways: ['edge-2'], total: 1 }
  ])
})

t.test('if no gateway is live, none is asked', async (t) => {
  const { call } = await operating(t)
  t.strictSame((await call('GET', '/ops/routes')).json(), { tables: [], unasked: [] })
})

t.test('an operator has few questions at a time', async (t) => {
  const { auth, call } = await operating(t)
  const { announce, questions } = auth.fleet
  await announce(announcement('1', { vitals }))
  const asked = Array.from({ length: 5 }, () => call('GET', '/ops/routes'))
  const refused = await Promise.race(asked)
  t.match(refused.json(), { code: 'UNAVAILABLE', detail: /too many questions/ })
  const open = await questions.open()
  t.equal(open.length, 4)
  for (const { id } of open) await questions.answer(id, '1', '{"routes":[],"total":0}')
  const codes = (await Promise.all(asked)).map(({ statusCode }) => statusCode)
  t.strictSame(codes.toSorted(), [200, 200, 200, 200, 503])
  const again = call('GET', '/ops/routes')
  let [next] = (await questions.open()).slice(4)
  while (next === undefined) {
    await new Promise(setImmediate)
    next = (await questions.open())[4]
  }
  await questions.answer(next.id, '1', '{"routes":[],"total":0}')
  t.equal((await again).statusCode, 200)
})

t.test('the result of a drill is an event of the audit log', async (t) => {
  const { auth, call } = await operating(t)
  const gateways = { asked: 2, live: 2 }
  const run = { drill: 'revoke', passed: true, gateways, figures: { rounds: 20, worstMs: 9 } }
  t.equal((await call('POST', '/ops/drills', run)).statusCode, 201)
  const failed = { ...run, passed: false, figures: {}, reason: 'Too slow.' }
  t.equal((await call('POST', '/ops/drills', failed)).statusCode, 201)
  t.match(await audited(auth), [
    {
      kind: 'drill-run',
      operator: 'bootstrap',
      detail: /"outcome":"passed","asked":2,"live":2,"rounds":20,"worstMs":9/
    },
    { kind: 'drill-run', detail: /"outcome":"failed".*"reason":"Too slow\."/ }
  ])
  for (const bad of [
    { ...run, drill: 'fire' },
    { ...run, figures: { worstMs: -1 } },
    { ...run, figures: { secret: 1 } }
  ]) {
    t.equal((await call('POST', '/ops/drills', bad)).statusCode, 400)
  }
})
