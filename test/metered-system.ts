import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { client, eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { operator } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import type { Test } from 'tap'
import {
  counted,
  countsOf,
  declaredLabels,
  exported,
  gaugesOf,
  type Values
} from './exported-metrics.ts'

const GONE = 'http://127.0.0.1:1'
const PATIENCE_MS = 20_000

const routesTo = (live: string) => `
upstreams:
  auth: \${AUTH_URL}
  echo: \${ECHO_URL}
  live: ${live}
  gone: ${GONE}
routes:
  - { name: login, prefix: [/auth/register, /auth/login], upstream: auth, stripPrefix: /auth, access: public }
  - { name: refresh, prefix: [/auth/refresh-token, /auth/logout], upstream: auth, stripPrefix: /auth, access: public }
  - { name: auth, prefix: /auth, upstream: auth, stripPrefix: /auth }
  - { name: echo, prefix: /echo, upstream: echo }
  - { name: few, prefix: /few, upstream: echo, limit: { max: 1, windowSeconds: 60 } }
  - { name: gone, prefix: /gone, upstream: gone }
  - { name: live, prefix: /live, upstream: live, websocket: true, access: public }
`

/** A service that begins an answer and never ends it, and that accepts WebSockets. */
async function liveService(t: Test): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(200).flushHeaders())
  server.on('upgrade', ({ headers }, socket) => {
    // RFC 6455 §4.2.2
    const accept = createHash('sha1')
      .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.on('error', () => {})
    const lines = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`]
    socket.write(['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n'))
    t.teardown(() => socket.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/**
 * What counts without being asked to: background work calls the stores, the gateway loads keys, and
 * an assertion is signed again after half a minute.
 */
const isUnasked = (series: string): boolean =>
  /^(process_|nodejs_|auth_store_call_|gateway_assertions_signed_total)|\/\.well-known\/jwks\.json/.test(
    series
  )

/** With these settings, a gateway has all of its metrics. Its access log writes no line. */
const everyMetric = {
  GATEWAY_VERIFY_PORT: '0',
  GATEWAY_TRUSTED_PROXIES: '192.0.2.1',
  GATEWAY_ACCESS_LOG: 'on',
  GATEWAY_ACCESS_LOG_SAMPLES: '1xx=0 2xx=0 3xx=0 4xx=0 5xx=0 none=0'
}

/**
 * The whole system in this process, with services that are easy to drive, and a meter that compares
 * everything that they count. In its series, an address is the name of its service.
 */
export async function meteredSystem(t: Test) {
  const folder = dataFolder(t)
  const GATEWAY_ROUTES = join(folder, 'routes.yaml')
  const live = await liveService(t)
  writeFileSync(GATEWAY_ROUTES, routesTo(live))
  const { url, services } = await wholeSystem(t, {
    GATEHOUSE_DATA_DIR: folder,
    GATEWAY_ROUTES,
    ...everyMetric,
    AUTH_REFRESH_GRACE_SECONDS: '0',
    AUTH_REFRESH_RECOVERY_SECONDS: '0',
    AUTH_SESSIONS_PER_USER: '2'
  })
  const opsUrls = services.map(({ opsUrl }) => opsUrl)
  const names = new Map([
    ...services.map((one) => [one.url, one.name] as const),
    [live, 'live'],
    [GONE, 'gone']
  ])
  const moved = new Set<string>()

  const read = async (kind: typeof countsOf): Promise<Values> => {
    const all = Object.entries(kind(await exported(opsUrls))).map(([series, value]) => [
      series
        .split(' ')
        .map((word) => names.get(word) ?? word)
        .join(' '),
      value
    ])
    return Object.fromEntries(all)
  }
  const note = (expected: Values) => {
    for (const series of Object.keys(expected)) moved.add(series.split(' ')[0] ?? '')
  }
  const includes = (expected: Values) => (values: Values) =>
    Object.entries(expected).every(([series, value]) => values[series] === value)

  return {
    api: client(url),
    url,
    ops: operator(folder),
    /** the metrics of which a test has seen a movement */
    moved,
    /** the labels that each metric declares */
    labels: declaredLabels(services),
    read,
    /** Does something. The test passes if exactly this was counted meanwhile. */
    async counting<Result>(
      t: Test,
      what: string,
      expected: Values,
      work: () => Promise<Result>
    ): Promise<Result> {
      const before = await read(countsOf)
      const result = await work()
      const difference = async () => {
        const all = Object.entries(counted(before, await read(countsOf)))
        return Object.fromEntries(all.filter(([series]) => !isUnasked(series)))
      }
      t.strictSame(await eventually(difference, includes(expected), PATIENCE_MS), expected, what)
      note(expected)
      return result
    },
    /** The test passes if the gauges come to have these values. */
    async showing(t: Test, what: string, expected: Values): Promise<void> {
      const gauges = await eventually(() => read(gaugesOf), includes(expected), PATIENCE_MS)
      t.match(gauges, expected, what)
      note(expected)
    }
  }
}
