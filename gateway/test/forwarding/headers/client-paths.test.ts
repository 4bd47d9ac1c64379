import t from 'tap'
import { clientPaths } from '../../../src/forwarding/headers/client-paths.ts'
import type { ResponseHeaders } from '../../../src/forwarding/headers/passed-headers.ts'
import type { Passage } from '../../../src/request/passage.ts'
import { readRouteTable } from '../../../src/routes/table/load-route-table.ts'

const table = readRouteTable(
  `
upstreams: { root: 'http://service:3002', based: 'http://service:3002/base' }
routes:
  - { name: app, prefix: /app, upstream: root, stripPrefix: /app }
  - { name: based, prefix: /b, upstream: based, stripPrefix: /b }
  - { name: nested, prefix: /n, upstream: based }
  - { name: plain, prefix: /plain, upstream: root }
`,
  {}
)

/** The headers of a response to a request for this path, as the client gets them. */
function answered(path: string, headers: ResponseHeaders): ResponseHeaders {
  const route = table.match(path)
  if (route === null) throw new Error(`no route for ${path}`)
  const passage: Passage = {
    route,
    access: 'public',
    target: { path, query: '?q' },
    token: null,
    websocket: null,
    caller: null,
    headers: { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' }
  }
  const written = { ...headers }
  clientPaths(written, passage, { address: 'http://service:3002', table })
  return written
}
const location = (path: string, value: string) => answered(path, { location: value }).location

t.test('a path of the service is rewritten below the stripped prefix', async (t) => {
  const expected: Record<string, [path: string, given: string, location: string][]> = {
    'paths of the service': [
      ['/app/a', '/login', '/app/login'],
      ['/app/a', '/login?next=/a#x', '/app/login?next=/a#x'],
      ['/app/a', '/', '/app/'],
      ['/app/a', '/applet', '/app/applet'],
      ['/app/a', '/\xe9', '/app/\xe9'],
      ['/b/a', '/base/login', '/b/login'],
      ['/b/a', '/base', '/b'],
      ['/b/a', '/base?x', '/b?x'],
      ['/b/a', '/baseline', '/b/baseline'],
      ['/n/a', '/base/n/c', '/n/c'],
      ['/plain/a', '/plain/b', '/plain/b'],
      ['/plain/a', '/elsewhere', '/elsewhere']
    ],
    'a service that has read x-forwarded-prefix': [
      ['/app/a', '/app/login', '/app/login'],
      ['/app/a', '/app', '/app'],
      ['/app/a', 'https://shop.example/app/login', '/app/login']
    ],
    'its own address': [
      ['/app/a', 'http://service:3002/login', '/app/login'],
      ['/app/a', 'HTTP://SERVICE:3002/login', '/app/login'],
      ['/app/a', '//service:3002/login', '/app/login'],
      ['/app/a', 'http://service:3002', '/app/'],
      ['/app/a', 'http://service:3002?x', '/app/?x'],
      ['/b/a', 'http://service:3002/base/c', '/b/c'],
      ['/plain/a', 'http://service:3002/plain/b', '/plain/b']
    ],
    'the address of the gateway, which it has read': [
      ['/app/a', 'https://shop.example/login', '/app/login'],
      ['/app/a', 'https://shop.example/plain/x', 'https://shop.example/plain/x']
    ],
    'other addresses': [
      ['/app/a', 'https://other.example/login', 'https://other.example/login'],
      ['/app/a', '//other.example/login', '//other.example/login'],
      ['/app/a', '/\\other.example/x', '/\\other.example/x'],
      ['/app/a', '\\\\other.example', '\\\\other.example'],
      ['/app/a', '///other.example', '///other.example'],
      ['/app/a', 'http://service:3003/x', 'http://service:3003/x'],
      ['/app/a', 'http://service.evil:3002/x', 'http://service.evil:3002/x'],
      ['/app/a', 'http://service:3002@evil/x', 'http://service:3002@evil/x'],
      ['/app/a', 'http://me@service:3002/x', 'http://me@service:3002/x'],
      ['/app/a', 'mailto:a@b.example', 'mailto:a@b.example'],
      ['/app/a', 'myapp://callback?code=1', 'myapp://callback?code=1']
    ],
    'relative references': [
      ['/app/a', 'login', 'login'],
      ['/app/a', '?x', '?x'],
      ['/app/a', '#x', '#x'],
      ['/app/a/b', '../c', '../c'],
      ['/app/a', '../../c', '/app/c'],
      ['/app', 'login', '/app/login'],
      ['/app', '?x', '/app/?x']
    ]
  }
  for (const [title, cases] of Object.entries(expected)) {
    for (const [path, given, meant] of cases) {
      t.equal(location(path, given), meant, `${title}: ${path} → ${given}`)
    }
  }
})

t.test('no rewritten path leads to another host', async (t) => {
  const hosts = [
    '//evil.example',
    '/\\evil.example',
    '\\/evil.example',
    '/\t/evil.example',
    '//@evil/x'
  ]
  for (const path of ['/app/a', '/b/a', '/n/a', '/plain/a', '/app']) {
    for (const host of hosts) {
      for (const base of ['http://service:3002', 'http://service:3002/base', '//service:3002']) {
        const value = location(path, `${base}${host}`)
        const { origin } = new URL(String(value), 'https://shop.example')
        t.equal(origin, 'https://shop.example', `${path} → ${base}${host}: ${value}`)
      }
    }
  }
})

t.test('Content-Location and Refresh are rewritten like Location', async (t) => {
  const refreshed = (refresh: string) => answered('/app/a', { refresh }).refresh
  t.equal(answered('/app/a', { 'content-location': '/x' })['content-location'], '/app/x')
  t.equal(refreshed('5; url=/login'), '5; url=/app/login')
  t.equal(refreshed("0;URL='/login'"), "0;URL='/app/login'")
  t.equal(refreshed('3, url = "http://service:3002/x"'), '3, url = "/app/x"')
  for (const other of ['5', '5; url=https://other.example/', '5; url="/x', 'x; url=/login', '']) {
    t.equal(refreshed(other), other)
  }
})

t.test('the path of a cookie becomes the path that the client uses', async (t) => {
  const cookie = (value: string, path = '/app/a') =>
    answered(path, { 'set-cookie': [value] })['set-cookie']
  const expected: Record<string, string> = {
    'a=b; Path=/': 'a=b; Path=/app',
    'a=b; path=/x; HttpOnly': 'a=b; path=/app/x; HttpOnly',
    'a=b;PATH = /x': 'a=b;PATH =/app/x',
    'a=b; Path=/; Path=/x': 'a=b; Path=/app; Path=/app/x',
    'a=b; Path=/app/x': 'a=b; Path=/app/x',
    'a=b; Path=/apple': 'a=b; Path=/app/apple',
    'a=b; Path=x': 'a=b; Path=x',
    'a=b; Path=': 'a=b; Path=',
    'a=b; Path': 'a=b; Path',
    'path=/; Secure': 'path=/; Secure',
    'a=b': 'a=b',
    '__Host-a=b; Path=/; Secure': '__Host-a=b; Path=/; Secure',
    '__Secure-a=b; Path=/; Secure': '__Secure-a=b; Path=/app; Secure'
  }
  for (const [given, meant] of Object.entries(expected)) t.strictSame(cookie(given), [meant], given)
  t.strictSame(cookie('a=b; Path=/base', '/b/a'), ['a=b; Path=/b'])
  t.strictSame(cookie('a=b; Path=/base/c', '/n/a'), ['a=b; Path=/c'])
  t.strictSame(cookie('a=b; Path=/', '/plain/a'), ['a=b; Path=/'])
})

t.test('a host that is longer than a host can be is not parsed', async (t) => {
  const parses = t.capture(URL, 'parse', URL.parse)
  const han = Array.from({ length: 5000 }, (_, at) =>
    encodeURIComponent(String.fromCodePoint(0x4e00 + at))
  ).join('')
  for (const start of [
    'http://',
    '//',
    'https:',
    '\\\\',
    '\\\t/',
    'ht\ttp:/',
    'https:\t//',
    '/\\'
  ]) {
    const reference = `${start}${han}/a`
    t.ok(location('/app/a', reference)?.includes(han), JSON.stringify(start))
    const refresh = answered('/app/a', { refresh: `0;url=${reference}` })
    t.ok(refresh.refresh?.includes(han), JSON.stringify(start))
    const parsed = parses().filter(({ args }) => String(args[0]).includes(han))
    t.strictSame(parsed, [], JSON.stringify(start))
  }
  t.equal(location('/app/a', `http://service:3002/${han}`), `/app/${han}`, 'a path may be longer')
  t.equal(location('/app/a', `../${han}`), `/app/${han}`, 'and a relative reference')
})
