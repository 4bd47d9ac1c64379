import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, get } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { authority } from '@gatehouse/fixtures/certificates'
import { client } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import t, { type Test } from 'tap'
import { runCommand } from '../src/command-line.ts'
import { isFault, type Report, testConformance } from '../src/conformance/conformance.ts'
import { reportText } from '../src/conformance/report-text.ts'
import { spelledNames } from '../src/conformance/spellings.ts'
import { echoService } from '../src/echo/echo-service.ts'
import { listening } from './fixtures/listening.ts'
import { trustingProxy } from './fixtures/trusting-proxy.ts'

const conformance = (port: number) => [
  'conformance',
  '--gateway',
  `http://127.0.0.1:${port}`,
  '--echo-route',
  '/echo'
]

/** The table of the repository, with a route to the echo service. */
function tableWith(t: Test, port: number): string {
  const shipped = readFileSync('gateway/routes.yaml', 'utf8')
  const file = join(dataFolder(t), 'routes.yaml')
  writeFileSync(
    file,
    shipped.replace('upstreams:\n', `upstreams:\n  mirror: http://127.0.0.1:${port}\n`) +
      '\n  - { name: mirror, prefix: /mirror, upstream: mirror, websocket: true }\n'
  )
  return file
}

t.test('nothing gets through a gateway, over any protocol', async (t) => {
  const issuer = await authority(t)
  const { cert, key } = await issuer.issue('localhost', ['127.0.0.1'])
  const { url, services } = await wholeSystem(t, {
    GATEWAY_ROUTES: tableWith(t, await listening(t, echoService())),
    GATEWAY_TLS_CERT_FILE: cert,
    GATEWAY_TLS_KEY_FILE: key
  })
  const auth = services.find(({ name }) => name === 'auth')?.url ?? ''
  const api = client(auth)
  await api.call('/register', { json: { email: 'ada@example.com', password: 'correct horse' } })
  const { body } = await api.call<{ accessToken: string }>('/login', {
    json: { email: 'ada@example.com', password: 'correct horse' }
  })
  const { findings, untested } = await testConformance({
    gateway: new URL(url),
    echoRoute: '/mirror',
    token: body.accessToken,
    ca: readFileSync(issuer.file, 'utf8')
  })
  t.strictSame(findings.filter(isFault), [])
  t.strictSame(untested, [])
  const count = (part: string, outcome: string) =>
    findings.filter((one) => one.part === part && one.outcome === outcome).length
  for (const part of ['HTTP/1.1', 'HTTP/2', 'WebSocket']) {
    t.ok(count(part, 'harmless') > 50, `${part}: the service gets requests without them`)
  }
  for (const part of ['HTTP/1.1', 'HTTP/2']) {
    t.ok(count(part, 'refused') >= 10, `${part}: ambiguous paths`)
  }
  t.ok(count('HTTP/1.1 framing', 'refused') > 20)
  t.equal(count('HTTP/2 framing', 'refused'), 3)
})

t.test('every header and path that a trusting proxy lets through is found', async (t) => {
  const port = await listening(t, trustingProxy(await listening(t, echoService())))
  const { code, text } = await runCommand([...conformance(port), '--json'], {})
  t.equal(code, 1)
  const report: Report = JSON.parse(text)
  const { findings, untested } = report
  const faults = new Set(findings.filter(isFault).map(({ part, title }) => `${part}: ${title}`))
  t.strictSame(untested, ['HTTP/2', 'HTTP/2 framing'])
  const missed = spelledNames.filter(
    (name) => !faults.has(`HTTP/1.1: ${name}`) || !faults.has(`WebSocket: ${name}`)
  )
  t.strictSame(missed, [])
  for (const title of [
    'x-forwarded-for',
    'x-auth-subject, twice',
    'Connection: x-auth-assertion',
    'path /echo/../…',
    'path /echo/%2e%2e/…',
    'path /echo/..;/…'
  ]) {
    t.ok(faults.has(`HTTP/1.1: ${title}`), title)
  }
  const malformed = findings.find(({ title }) => title === 'a space before the colon')
  t.equal(malformed?.outcome, 'refused', 'a request that the proxy refuses is not a leak')

  const table = reportText(report)
  t.match(table, /^part +reached the service\nHTTP\/1\.1 +x-auth-subject\n/)
  t.match(table, /^HTTP\/1\.1: \d+ probes, \d+ refused, \d+ harmless, \d+ leaked, 0 stalled$/m)
  t.match(table, /^HTTP\/2: not tested, .*only with TLS\)$/m)
})

t.test('gatehouse-routes echo answers with what it received', async (t) => {
  const { text: told, server } = await runCommand(['echo', '--port', '0'], {})
  t.teardown(() => server?.close())
  const asked = get(`http://127.0.0.1:${/port (\d+)$/m.exec(told)?.[1]}/a`, { agent: false })
  const [response] = await once(asked, 'response')
  t.match(JSON.parse(await text(response)), { method: 'GET', target: '/a', body: '' })
})

t.test('gatehouse-routes conformance exits with 2 if it could not test anything', async (t) => {
  t.match(await runCommand(conformance(1), {}), {
    code: 2,
    text: /^HTTP\/1\.1: not tested, .*is the token valid/m
  })
})

t.test('a deployment that answers only the first requests counts as not tested', async (t) => {
  let requests = 0
  const echo = createHttpServer((request, response) => {
    requests += 1
    response.statusCode = requests > 20 ? 429 : 200
    response.end(requests > 20 ? '' : request.headers['x-conformance'])
  })
  const { code, text } = await runCommand(conformance(await listening(t, echo)), {})
  t.match(text, /^HTTP\/1\.1: not reliable, .*limit requests/m)
  t.equal(code, 2)
})
