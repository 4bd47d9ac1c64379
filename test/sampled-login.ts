import { randomBytes } from 'node:crypto'
import { client, eventually } from '@gatehouse/fixtures/client'
import type { Collector } from '@gatehouse/fixtures/collector'
import type { Test } from 'tap'

/** Signs in with a sampled trace context, and judges the spans of an installation with stores. */
export async function sampledLogin(t: Test, gatewayUrl: string, traces: Collector) {
  const [email, password] = ['traced@example.com', 'correct horse battery']
  await client(gatewayUrl).register(email, password)
  const before = traces.spans.length
  const traceId = randomBytes(16).toString('hex')
  const login = await fetch(`${gatewayUrl}/auth/login`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      traceparent: `00-${traceId}-${'1'.repeat(16)}-01`
    },
    body: JSON.stringify({ email, password })
  })
  const { accessToken, refreshToken } = (await login.json()) as Record<string, string>
  t.equal(login.status, 200)
  const own = () => traces.spans.filter((span) => span.traceId === traceId)
  const has = (service: string, name: RegExp) =>
    own().find((span) => span.service === service && name.test(span.name))
  await eventually(
    async () => has('gateway', /auth-login/) !== undefined && has('auth', /\/login/) !== undefined,
    (both) => both,
    20_000
  )
  t.equal(before, 0, 'requests that are not sampled have no span')
  const edge = has('gateway', /^POST auth-login$/)
  const call = has('gateway', /^POST$/)
  const served = has('auth', /^POST \/login$/)
  t.equal(edge?.parentSpanId, '1'.repeat(16))
  t.equal(call?.parentSpanId, edge?.spanId)
  t.equal(served?.parentSpanId, call?.spanId)
  const stores = own().filter(({ attributes }) => attributes['db.system.name'] !== undefined)
  t.ok(stores.every(({ parentSpanId }) => parentSpanId === served?.spanId))
  const systems = new Set(stores.map(({ attributes }) => attributes['db.system.name']))
  t.strictSame([...systems].sort(), ['postgresql', 'redis'])
  const sent = traces.bodies.join()
  for (const secret of [email, password, accessToken, refreshToken]) {
    t.notOk(sent.includes(secret ?? ''), 'no span has a secret')
  }
}
