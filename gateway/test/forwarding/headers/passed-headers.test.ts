import t from 'tap'
import {
  passedHeaders,
  type ResponseHeaders
} from '../../../src/forwarding/headers/passed-headers.ts'
import { readRouteTable } from '../../../src/routes/table/load-route-table.ts'

const { routes } = readRouteTable(
  `
upstreams: { service: 'http://service' }
routes:
  - { name: plain, prefix: /plain, upstream: service }
  - { name: login, prefix: /login, upstream: service, access: public, credentials: [own-cookies] }
`,
  {}
)
const [plain, login] = routes
if (plain === undefined || login === undefined) throw new Error('there are two routes')
const passed = (received: ResponseHeaders, route = plain) => passedHeaders(received, route)

t.test('headers about the response itself are passed on', async (t) => {
  const own = {
    'content-type': 'text/html',
    'content-length': '12',
    'content-encoding': 'gzip',
    'cache-control': 'private',
    etag: '"1"',
    location: '/there',
    'www-authenticate': 'Basic',
    vary: ['accept', 'origin'],
    'x-own': ''
  }
  t.strictSame(passed(own), own)
  t.not(passed(own), own, 'in an object of its own')
})

t.test('headers of the connection, or about the service’s software, are dropped', async (t) => {
  const names = [
    'connection',
    'keep-alive',
    'proxy-authenticate',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'server',
    'x-powered-by'
  ]
  t.strictSame(passed(Object.fromEntries(names.map((name) => [name, 'x']))), {})
})

t.test('headers that Connection names are dropped, in any case and number', async (t) => {
  const received = { 'x-a': '1', 'x-b': '2', 'x-c': '3' }
  t.strictSame(passed({ ...received, connection: 'X-A ,close,\tx-b' }), { 'x-c': '3' })
  t.strictSame(passed({ ...received, connection: ['x-a', 'x-b, x-c'] }), {})
  t.strictSame(passed({ ...received, connection: '' }), received)
})

t.test('no service can send identity headers to a client', async (t) => {
  const names = [
    'x-auth-subject',
    'x_auth_roles',
    'x.auth.scope',
    'x~auth~scope',
    'x-auth-',
    'x-auth-new'
  ]
  t.strictSame(passed(Object.fromEntries(names.map((name) => [name, 'x']))), {})
  t.strictSame(passed({ 'x-author': 'x' }), { 'x-author': 'x' })
})

t.test('no service can set headers that affect the shared origin', async (t) => {
  const names = [
    'alt-svc',
    'clear-site-data',
    'expect-ct',
    'nel',
    'public-key-pins',
    'report-to',
    'public-key-pins-report-only',
    'service-worker-allowed',
    'set-cookie2',
    'set-login',
    'strict-transport-security',
    'x-accel-redirect',
    'x-lighttpd-send-file',
    'x-sendfile',
    'x-envoy-immediate-health-check-fail',
    'x-litespeed-location',
    'x-reproxy-url',
    'secure-session-registration',
    'sec-session-registration',
    'use-as-dictionary'
  ]
  for (const route of [plain, login]) {
    t.strictSame(passed(Object.fromEntries(names.map((name) => [name, 'x'])), route), {})
  }
  const own = { 'accept-ch': 'dpr', 'content-security-policy': 'x', 'x-accel-buffering': 'no' }
  t.strictSame(passed(own), own, 'headers about its own responses pass')
})

t.test('only a service with credentials can set our cookie', async (t) => {
  const own = '__Host-refresh=x; Path=/'
  const cookies = ['a=1', own, 'b=__Host-refresh']
  t.strictSame(passed({ 'set-cookie': cookies }), { 'set-cookie': ['a=1', 'b=__Host-refresh'] })
  t.strictSame(passed({ 'set-cookie': cookies }, login), { 'set-cookie': cookies })
  t.strictSame(passed({ 'set-cookie': own }), {}, 'without it nothing is left')
  t.strictSame(passed({ 'set-cookie': 'a=1' }), { 'set-cookie': ['a=1'] })
})
