import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { inputs } from '@gatehouse/fixtures/generated'
import { type Generator, generator, mutated } from '@gatehouse/fixtures/generator'
import { Refusal } from '@gatehouse/problem/refusal'
import t from 'tap'
import { readRouteTable } from '../../src/routes/table/load-route-table.ts'
import { stamp } from '../../src/stages/stamp/stamp.ts'
import { strip } from '../../src/stages/strip.ts'
import { ada, adaHeaders, countedAssertions, directHop } from '../fixtures/stamped.ts'

const INPUTS = inputs(500_000)

const { routes } = readRouteTable(
  `
upstreams: { service: 'http://service' }
routes:
  - { name: closed, prefix: /closed, upstream: service }
  - { name: open, prefix: /open, upstream: service, access: public }
`,
  {}
)
const [closed, open] = routes
if (closed === undefined || open === undefined) throw new Error('there are two routes')

const names = [
  'X-Auth-Subject',
  'x_auth_roles',
  'x-auth-scope',
  'X.Auth.Email',
  'x~auth~session',
  'x-auth-',
  'Connection',
  'Keep-Alive',
  'Transfer-Encoding',
  'TE',
  'Trailer',
  'Upgrade',
  'Expect',
  'Authorization',
  'Cookie',
  'Host',
  'Content-Length',
  'X-Forwarded-For',
  'X_Forwarded_Host',
  'Forwarded',
  'X-Real-IP',
  'X-HTTP-Method-Override',
  'X-Original-URL',
  'X-Request-Id',
  'Traceparent',
  'Accept',
  'X-Own',
  'Proxy-Authorization',
  'Sec-WebSocket-Key',
  '__proto__'
]
const values = [
  'evil',
  'x-auth-subject',
  'close, x-auth-roles',
  'keep-alive, host, x_auth_scope',
  'chunked',
  'Bearer secret',
  '__Host-refresh=secret',
  ' =__Host-device=secret; a=1',
  '__host-refresh=secret',
  '5',
  'localhost',
  'evil.example',
  '127.0.0.1',
  'websocket',
  '',
  '100-continue',
  '\u00e9',
  'a,b'
]
const pieces = ['-', '_', '.', '~', ' ', ',', ';', '=', 'x', 'auth', '\t', '"', '%0d%0a']

function request(random: Generator): IncomingMessage {
  const rawHeaders: string[] = random.below(10) === 0 ? [] : ['Host', 'gateway.example']
  for (let left = random.below(7); left > 0; left -= 1) {
    const named = random.pick(names)
    const name = random.below(3) === 0 ? mutated(named, random, pieces) : named
    // The server's parser accepts only such names (RFC 9110 §5.6.2).
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) continue
    const value = random.pick(values)
    rawHeaders.push(name, random.below(3) === 0 ? mutated(value, random, pieces) : value)
  }
  const method = random.pick(['GET', 'POST', 'HEAD', 'OPTIONS'])
  return Object.assign(new IncomingMessage(socket), {
    method,
    url: '/closed',
    rawHeaders,
    httpVersion: '1.1'
  })
}
const socket = new Socket()

const HOP_BY_HOP =
  /^(connection|keep-alive|proxy-(authorization|authenticate|connection)|te|trailer|transfer-encoding|upgrade|expect|sec-websocket-(key|version|accept|protocol|extensions)|host)$/
/** as a server reads a name that treats all characters alike that are neither letters nor digits */
const folded = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '-')

/** What a service gets although it must not; null if there is no such thing. */
function flawOf(
  headers: Readonly<Record<string, string>>,
  expected: Record<string, string>
): string | null {
  const seen = new Set<string>()
  for (const [name, value] of Object.entries(headers)) {
    const known = folded(name)
    if (known.startsWith('x-auth-') && expected[name] !== value)
      return `${name} is not the gateway’s`
    if (known.startsWith('x-auth-') && seen.has(known)) return `${name} twice`
    if (
      /^(x-forwarded-.*|forwarded|x-real-ip|x-original-(url|uri|host|method)|x-http-method(-override)?)$/.test(
        known
      ) &&
      expected[name] !== value
    ) {
      return `${name} is the client’s`
    }
    if (HOP_BY_HOP.test(known)) return `${name} ends here`
    const isCookie =
      known === 'cookie' && /(^|;)[\s=]*__host-(refresh|device)\s*(=|;|$)/i.test(value)
    if (known === 'authorization' || isCookie) return `${name}: a credential`
    if (typeof value !== 'string') return `${name} is not text`
    seen.add(known)
  }
  for (const [name, value] of Object.entries(expected)) {
    if (headers[name] !== value) return `${name} did not arrive whole`
  }
  return null
}

t.test(
  'whatever a client writes, a service learns only from the gateway who is calling',
  async (t) => {
    const random = generator()
    const says = countedAssertions()
    const forwarded = {
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'gateway.example',
      'x-forwarded-port': '80'
    }
    const identity = {
      ...adaHeaders,
      'x-auth-expires': '1800000300',
      'x-auth-assertion': says.assertions.about(ada, 'closed')
    }
    let passed = 0
    let wrong: string | null = null
    for (let index = 0; index < INPUTS && wrong === null; index += 1) {
      const raw = request(random)
      try {
        const stripped = strip(raw)
        const signedIn = stamp(stripped, closed, ada, directHop, says)
        const anonymous = stamp(stripped, open, null, directHop, says)
        passed += 1
        const flaw = flawOf(signedIn, { ...forwarded, ...identity }) ?? flawOf(anonymous, forwarded)
        if (flaw !== null) wrong = `${flaw}: ${JSON.stringify(raw.rawHeaders)}`
      } catch (error) {
        if (!(error instanceof Refusal)) wrong = `${error}: ${JSON.stringify(raw.rawHeaders)}`
      }
    }
    t.equal(wrong, null, `FUZZ_SEED=${random.seed}`)
    t.ok(passed > INPUTS / 10, `${passed} of ${INPUTS} passed`)
  }
)
