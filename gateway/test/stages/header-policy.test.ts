import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import {
  foldedName,
  gatewayHeader,
  identityHeader,
  isIdentityName
} from '@gatehouse/edge-headers/names'
import { inputs, runs } from '@gatehouse/fixtures/generated'
import { Refusal } from '@gatehouse/problem/refusal'
import fc from 'fast-check'
import t from 'tap'
import type { RequestHeaders } from '../../src/request-headers/received-headers.ts'
import { readRouteTable } from '../../src/routes/table/load-route-table.ts'
import { stamp } from '../../src/stages/stamp/stamp.ts'
import { strip } from '../../src/stages/strip.ts'
import { ada, countedAssertions, directHop } from '../fixtures/stamped.ts'

const { routes } = readRouteTable(
  `
upstreams: { service: 'http://service', auth: 'http://auth' }
routes:
  - { name: closed, prefix: /closed, upstream: service }
  - { name: open, prefix: /open, upstream: service, access: public }
  - { name: login, prefix: /login, upstream: auth, access: public, credentials: [own-cookies] }
`,
  {}
)
const says = countedAssertions()

const EVIL = 'evil'
const known = [
  ...Object.values(identityHeader),
  'x-auth-',
  'x-auth-other',
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'transfer-encoding',
  'te',
  'upgrade',
  'keep-alive',
  'trailer',
  'expect',
  'host',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-user',
  'x-real-ip',
  'x-request-id',
  'traceparent',
  'x-http-method-override',
  'x-original-url',
  'proxy-authorization',
  'origin',
  '__proto__'
]
/**
 * The characters that a header's name may contain, other than letters and digits (RFC 9110 §5.6.2).
 * Those that servers fold most often come first.
 */
const separators = [..."-_.~!#$%&'*+^`|"]

const spelling = fc
  .tuple(
    fc.constantFrom(...known),
    fc.constantFrom(...separators),
    fc.constantFrom('', '-', '_', '.')
  )
  .chain(([name, separator, behind]) =>
    fc.constantFrom(name, name.toUpperCase(), `${name.replaceAll('-', separator)}${behind}`)
  )
const token = fc.string({
  unit: fc.constantFrom(...'abtxyz019', ...separators),
  minLength: 1,
  maxLength: 12
})
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constant(EVIL) },
  fc.constantFrom(
    '',
    '0',
    '5',
    'chunked',
    'gateway.example',
    'Bearer x',
    'close',
    'x-auth-subject, host',
    '__Host-refresh=evil',
    'a=b; =__Host-refresh=evil',
    `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 12 })
)
const line = fc.tuple(fc.oneof({ weight: 3, arbitrary: spelling }, token), value)
const anyLines = fc.array(line, { maxLength: 8 })

/** What a service gets of these lines; null if they are refused. */
function passed(lines: string[][], method: string, at: number): RequestHeaders | null {
  const [route] = routes.slice(at)
  if (route === undefined) throw new Error('no such route')
  const raw = new IncomingMessage(new Socket())
  try {
    const stripped = strip(Object.assign(raw, { method, url: '/', rawHeaders: lines.flat() }))
    const caller = route.access === 'public' ? null : ada
    return stamp(stripped, route, caller, directHop, says)
  } catch (error) {
    if (error instanceof Refusal && error.status === 400) return null
    throw error
  }
}

/** Names with which only the gateway may describe the caller, the connection or the request. */
const isReserved = (folded: string) =>
  isIdentityName(folded) ||
  folded.startsWith('x-forwarded-') ||
  ['authorization', 'connection', 'host', 'te', 'upgrade', 'forwarded', 'x-real-ip'].includes(
    folded
  ) ||
  ['transfer-encoding', 'keep-alive', 'x-http-method-override', 'x-original-url'].includes(folded)

t.test('whatever a client writes, only the gateway sets the identity', async (t) => {
  const expected = routes.map((_route, at) => passed([], 'POST', at) ?? {})
  const written = expected.map((headers) => Object.keys(headers).filter(isIdentityName).sort())
  t.strictSame(written, [Object.values(identityHeader).sort(), [], [gatewayHeader]])
  let accepted = 0
  const policy = fc.property(
    anyLines,
    fc.constantFrom('GET', 'POST'),
    fc.nat({ max: 2 }),
    (lines, method, at) => {
      const headers = passed(lines, method, at)
      if (headers === null) return true
      accepted += 1
      const reserved = Object.entries(headers).filter(([name]) => isReserved(foldedName(name)))
      const identity = reserved.filter(([name]) => isIdentityName(name))
      return (
        // Each is exactly as the gateway alone would have written it, and none is missing.
        reserved.every(([name, value]) => value === expected[at]?.[name]) &&
        identity.length === written[at]?.length &&
        new Set(reserved.map(([name]) => foldedName(name))).size === reserved.length &&
        (at === 2 || !headers.cookie?.includes('__Host-refresh')) &&
        headers['x-request-id'] === directHop.requestId
      )
    }
  )
  const { counterexample } = fc.check(policy, runs(20_000))
  t.equal(counterexample, null)
  t.ok(accepted > inputs(20_000) / 4, `${accepted} were accepted`)
})

t.test('a client’s ordinary headers pass unchanged', async (t) => {
  const ownName = token.filter((name) => {
    const folded = foldedName(name)
    return !isReserved(folded) && !known.includes(folded) && !['cookie', '__proto__'].includes(name)
  })
  const own = fc.property(ownName, fc.string({ unit: 'binary-ascii' }), (name, value) => {
    const headers = passed([[name.toUpperCase(), value]], 'GET', 1)
    return headers !== null && headers[name] === value
  })
  t.equal(fc.check(own, runs(20_000)).counterexample, null)
})
