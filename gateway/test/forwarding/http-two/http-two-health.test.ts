import { Server, ServerCredentials, type sendUnaryData, status } from '@grpc/grpc-js'
import t from 'tap'
import { checkHealth } from '../../../src/forwarding/capacity/health-check.ts'
import { type Health, healthDefaults } from '../../../src/routes/upstream/upstream-health.ts'
import { faultsOf, route, tableFile } from '../../routes/fixtures/table-file.ts'
import { httpTwoService } from '../fixtures/http-two-service.ts'

const soon: Health = { ...healthDefaults, intervalSeconds: 0.05, unhealthyAfter: 1 }
const same = (bytes: Buffer): Buffer => bytes

/** Calls back with the next result that differs from the last one. */
function checked(t: Tap, address: string, health: Partial<Health>) {
  let tell = (_isHealthy: boolean): void => {}
  const { stop } = checkHealth(
    { endpoint: { address, tls: null }, health: { ...soon, ...health }, isHttpTwo: true },
    (_endpoint, isHealthy) => tell(isHealthy)
  )
  t.teardown(stop)
  return () =>
    new Promise<boolean>((resolve) => {
      tell = resolve
    })
}
type Tap = { teardown(callback: () => void): void }

t.test('the health of a gRPC service is what its own check says', async (t) => {
  let answer: { code: number } | Buffer = Buffer.of(0x08, 0x01)
  const asked: string[] = []
  const server = new Server()
  const check = {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same
  } as const
  server.addService(
    { check },
    {
      check({ request }: { request: Buffer }, done: sendUnaryData<Buffer>) {
        asked.push(request.toString('latin1'))
        if (Buffer.isBuffer(answer)) done(null, answer)
        else done(answer)
      }
    }
  )
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error)
    )
  })
  t.teardown(() => server.forceShutdown())
  const next = checked(t, `http://127.0.0.1:${port}`, { grpcService: 'shop.Catalog' })
  answer = Buffer.of(0x08, 0x02)
  t.equal(await next(), false, 'NOT_SERVING')
  answer = Buffer.of(0x08, 0x01)
  t.equal(await next(), true, 'SERVING')
  answer = { code: status.NOT_FOUND }
  t.equal(await next(), false, 'a service that it does not know')
  t.strictSame([...new Set(asked)], ['\n\fshop.Catalog'])
})

t.test('the health check of an HTTP/2 service that does not use gRPC is a GET', async (t) => {
  let answer = 200
  const service = await httpTwoService(t)
  let checks = 0
  service.onStream = (stream, headers) => {
    checks += 1
    stream.respond({ ':status': headers[':path'] === '/healthz' ? answer : 404 })
    stream.end('ok')
  }
  const next = checked(t, service.url, { path: '/healthz' })
  answer = 503
  t.equal(await next(), false)
  answer = 204
  t.equal(await next(), true)
  t.ok(checks > 1)
  t.equal(service.made, checks, 'each check has a connection of its own')
})

t.test('a service over HTTP/2 whose answer never ends is unhealthy', async (t) => {
  const service = await httpTwoService(t)
  service.onStream = (stream) => {
    stream.respond({ ':status': 200 })
    const drip = setInterval(() => stream.write('.'), 10)
    stream.once('close', () => clearInterval(drip))
  }
  const next = checked(t, service.url, { path: '/healthz', timeoutSeconds: 0.2 })
  t.equal(await next(), false)
})

t.test('the route table names contradictions of protocol, addresses and health', async (t) => {
  const cases: Record<string, RegExp> = {
    "addresses: ['http://a:1'], protocol: h2":
      /protocol h2 is HTTP\/2 with TLS: set protocol h2c for http:\/\/a:1/,
    "addresses: ['https://a:1'], protocol: h2c":
      /protocol h2c is HTTP\/2 without TLS: set protocol h2 for/,
    "addresses: ['http://a:1'], protocol: h3": /protocol/,
    "addresses: ['http://a:1'], health: {}": /health must have either path or grpcService/,
    "addresses: ['http://a:1'], health: { path: /, grpcService: '' }": /either path or grpcService/,
    "addresses: ['http://a:1'], health: { grpcService: '' }": /needs protocol h2c or h2/
  }
  for (const [entry, fault] of Object.entries(cases)) {
    t.match(faultsOf(tableFile(`{ service: { ${entry} } }`, route)), [fault], entry)
  }
  const upstream = "{ service: { addresses: ['http://a:1'], protocol: h2c } }"
  const websocket = '{ name: a, prefix: /a, upstream: service, websocket: true }'
  t.match(faultsOf(tableFile(upstream, websocket)), [/WebSockets over HTTP\/1.1/])
})
