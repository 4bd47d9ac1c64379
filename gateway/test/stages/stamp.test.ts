import { decodeJwt } from 'jose'
import t from 'tap'
import type { StrippedRequest } from '../../src/request/stripped-request.ts'
import { readRouteTable } from '../../src/routes/table/load-route-table.ts'
import { stamp } from '../../src/stages/stamp/stamp.ts'
import { ada, countedAssertions, directHop } from '../fixtures/stamped.ts'

const { routes } = readRouteTable(
  `
upstreams: { service: 'http://service', auth: 'http://auth' }
routes:
  - { name: plain, prefix: /plain, upstream: service }
  - { name: login, prefix: /login, upstream: auth, access: public, credentials: [own-cookies] }
  - { name: open, prefix: /open, upstream: service, access: public }
  - { name: recovery, prefix: /recovery, upstream: auth, access: public }
  - { name: account, prefix: /account, upstream: auth }
`,
  {}
)
const [plain, login, open, recovery, account] = routes
if (!plain || !login || !open || !recovery || !account) throw new Error('there are five routes')

const request = (changes: Partial<StrippedRequest> = {}): StrippedRequest => ({
  method: 'GET',
  target: '/plain',
  headers: {},
  authorization: null,
  hasBody: false,
  host: '',
  ownCookies: [],
  origin: null,
  websocket: null,
  ...changes
})
const says = countedAssertions()

t.test('the headers of the gateway are written last', async (t) => {
  const names = ['x-auth-subject', 'x-auth-assertion', 'x-forwarded-for', 'x-request-id']
  const headers = Object.fromEntries(names.map((name) => [name, 'evil']))
  const stamped = stamp(request({ headers }), plain, ada, directHop, says)
  t.notMatch(JSON.stringify(stamped), /evil/)
  t.match(stamped, {
    'x-auth-subject': 'user-1',
    'x-auth-expires': '1800000300',
    'x-auth-assertion': /^ey/,
    'x-forwarded-for': '192.0.2.7',
    'x-request-id': 'request-1'
  })
})

t.test('an anonymous request has no identity header', async (t) => {
  const stamped = stamp(request(), open, null, directHop, says)
  t.strictSame(Object.keys(stamped).sort(), [
    'traceparent',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-port',
    'x-forwarded-proto',
    'x-request-id'
  ])
})

t.test('only a service that takes credentials gets the gateway’s proof', async (t) => {
  const proofTo = (route: typeof plain) =>
    stamp(request(), route, null, directHop, says)['x-auth-gateway']
  t.strictSame(decodeJwt(proofTo(login) ?? '').aud, ['gatehouse-credentials', login.upstream.name])
  t.match(proofTo(recovery), /^ey/, 'also where it gets no credentials: it counts clients')
  const signedIn = (route: typeof plain) => stamp(request(), route, ada, directHop, says)
  t.match(signedIn(account), { 'x-auth-gateway': undefined, 'x-auth-assertion': /^ey/ })
  t.match(signedIn({ ...account, claims: ['subject'] }), { 'x-auth-gateway': /^ey/ })
  t.equal(proofTo(open), undefined)
  const keyed = { ...open, credentials: ['authorization' as const] }
  t.equal(proofTo(keyed), undefined, 'a service with keys of its own could pose as a gateway')
  t.equal(proofTo(plain), undefined)
})

t.test('x-forwarded-for names the client and the proxies, in order', async (t) => {
  const over = (...addresses: [string, ...string[]]) =>
    stamp(request(), plain, null, { ...directHop, addresses }, says)['x-forwarded-for']
  t.equal(over('192.0.2.7'), '192.0.2.7')
  t.equal(over('2001:db8::1', '10.0.0.1', '192.0.2.7'), '2001:db8::1, 10.0.0.1, 192.0.2.7')
})

t.test(
  'a valid trace continues (W3C Trace Context §3.2), and otherwise a new one begins',
  async (t) => {
    const [trace, parent] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']
    const after = (traceparent: string) =>
      stamp(request({ headers: { traceparent } }), plain, null, directHop, says).traceparent
    const good = `00-${trace}-${parent}-01`
    t.equal(after(good), good)
    for (const bad of [
      '',
      'x',
      `01-${trace}-${parent}-01`,
      `00-${trace}-${parent}`,
      `${good}-more`,
      good.toUpperCase(),
      `00-${'0'.repeat(32)}-${parent}-01`,
      `00-${trace}-${'0'.repeat(16)}-01`,
      `${good}, ${good}`,
      `${good}\n`,
      ` ${good}`
    ]) {
      t.match(after(bad), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/, JSON.stringify(bad))
      t.not(after(bad), after(bad), 'a new one each time')
    }
  }
)

t.test(
  'our own cookie goes only to routes with credentials, after the other cookies',
  async (t) => {
    const ownCookies = ['__Host-refresh=secret']
    const cookieAt = (route: typeof plain, changes: Partial<StrippedRequest>) =>
      stamp(request({ ownCookies, ...changes }), route, null, directHop, says).cookie
    const others = { headers: { cookie: 'theme=dark' } }
    t.equal(cookieAt(plain, others), 'theme=dark')
    t.equal(cookieAt(plain, {}), undefined)
    t.equal(cookieAt(login, others), 'theme=dark; __Host-refresh=secret')
    t.equal(cookieAt(login, {}), '__Host-refresh=secret')
    t.equal(cookieAt(login, { ...others, ownCookies: [] }), 'theme=dark')
  }
)

t.test('an identity over the budget is an internal error, and is never cut short', async (t) => {
  const identity = { ...ada.identity, email: `${'x'.repeat(4096)}@example.com` }
  const large = { ...ada, identity }
  t.throws(() => stamp(request(), plain, large, directHop, says), {
    name: 'Refusal',
    code: 'INTERNAL',
    status: 500
  })
})
