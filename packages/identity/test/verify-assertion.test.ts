import { Refusal } from '@gatehouse/problem/refusal'
import t from 'tap'
import { testIdentities } from '../src/testing.ts'
import {
  findCaller,
  type HeaderSource,
  problemAnswer,
  requireRole,
  requireScope,
  verifyAssertion
} from '../src/verify-assertion.ts'

const { options, headersFor } = await testIdentities('orders')
const headers = await headersFor({ subject: 'ada', scope: ['orders:read'] })
const assertion = headers['x-auth-assertion'] ?? ''

/** The status with which a request is refused; 200 if it is accepted. */
async function statusOf(given: HeaderSource, changes: object = {}): Promise<number> {
  try {
    await verifyAssertion(given, { ...options, ...changes })
    return 200
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.status
  }
}

t.test('verifyAssertion reads headers of Node.js and of the Fetch standard', async (t) => {
  const sources: Record<string, HeaderSource> = {
    'IncomingMessage.headers': headers,
    'IncomingMessage.headersDistinct': { 'x-auth-assertion': [assertion], host: ['a'] },
    'names as the sender wrote them': { 'X-Auth-Assertion': assertion },
    Headers: new Headers(headers)
  }
  for (const [title, source] of Object.entries(sources)) {
    t.match(await verifyAssertion(source, options), { subject: 'ada', claims: {} }, title)
    t.match(await findCaller(source, options), { subject: 'ada' }, title)
  }
})

t.test(
  'a request without an assertion, or with an empty one, is refused or has no caller',
  async (t) => {
    const none: HeaderSource[] = [
      {},
      new Headers(),
      { 'x-auth-subject': 'root' },
      { get: 'x' },
      { x_auth_assertion: assertion },
      { 'x-auth-assertion': '' },
      new Headers({ 'x-auth-assertion': '' })
    ]
    for (const source of none) {
      t.equal(await statusOf(source), 401)
      t.equal(await findCaller(source, options), null)
    }
  }
)

t.test('several assertions are refused', async (t) => {
  const twice = new Headers(headers)
  twice.append('x-auth-assertion', assertion)
  const wrong: Record<string, HeaderSource> = {
    'two values': { 'x-auth-assertion': [assertion, assertion] },
    'two spellings': { 'x-auth-assertion': assertion, 'X-Auth-Assertion': assertion },
    'joined by Node.js': { 'x-auth-assertion': `${assertion}, ${assertion}` },
    'joined by Headers': twice,
    'an empty one and another': { 'x-auth-assertion': ['', assertion] }
  }
  for (const [title, source] of Object.entries(wrong)) {
    t.equal(await statusOf(source), 401, title)
    await t.rejects(findCaller(source, options), { code: 'UNAUTHENTICATED' }, title)
  }
})

t.test('an assertion counts for its audience and for one minute', async (t) => {
  t.equal(await statusOf(headers, { audience: ['billing', 'orders'] }), 200)
  t.equal(await statusOf(headers, { audience: 'billing' }), 401)
  t.equal(await statusOf(headers, { audience: 'order' }), 401)
  const later = (seconds: number) => ({ clock: () => Date.now() + seconds * 1000 })
  t.equal(await statusOf(headers, later(50)), 200)
  t.equal(await statusOf(headers, later(70)), 401)
})

t.test('an option that is missing or empty is an error, and lets no request pass', async (t) => {
  const wrong: Record<string, unknown>[] = [
    { audience: '' },
    { audience: [] },
    { audience: ['orders', ''] },
    { audience: undefined },
    { gatewayKeys: '' },
    { gatewayKeys: undefined },
    { gatewayKeys: [] },
    { gatewayKeys: 'gateway:3001' },
    { gatewayKeys: ['http://a/', 'file:///etc/passwd'] },
    { gatewayKeys: { url: '' } },
    { gatewayKeys: { keys: null } },
    { gatewayKeys: null }
  ]
  for (const changes of wrong) {
    await t.rejects(statusOf(headers, changes), TypeError, JSON.stringify(changes))
    await t.rejects(statusOf({}, changes), TypeError, 'without an assertion as well')
  }
})

t.test('a refusal becomes problem details, and any other error is thrown again', async (t) => {
  const refused = await verifyAssertion({}, options).catch((error: unknown) => error)
  const { status, headers: answered, body } = problemAnswer(refused, new Headers())
  t.equal(status, 401)
  t.match(answered, {
    'www-authenticate': 'Bearer realm="gatehouse"',
    'content-type': 'application/problem+json',
    'cache-control': 'no-store'
  })
  t.match(JSON.parse(body), {
    type: 'urn:gatehouse:problem:unauthenticated',
    status: 401,
    code: 'UNAUTHENTICATED',
    requestId: /^[0-9a-f-]{36}$/
  })
  t.throws(() => problemAnswer(new RangeError('a bug'), {}), RangeError)
})

t.test('a scope or a role can be required of a caller', async (t) => {
  const caller = await verifyAssertion(headers, options)
  t.equal(requireScope(caller, 'orders:read'), caller)
  t.equal(requireRole(caller, 'user'), caller)
  t.throws(() => requireScope(caller, 'orders'), { code: 'FORBIDDEN' })
  t.throws(() => requireRole(caller, 'admin'), { code: 'FORBIDDEN' })
  t.throws(() => requireRole(null, 'admin'), { code: 'UNAUTHENTICATED' }, 'an anonymous request')
})
