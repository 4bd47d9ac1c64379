import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, get, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { serviceProcess } from '@gatehouse/fixtures/service-process'
import t, { type Test } from 'tap'

const MIB = 1024 * 1024
/** In each direction. `npm run bench -- edge` passes a gibibyte. */
const LARGE = 256 * MIB
const PIECE = Buffer.alloc(256 * 1024, 'x')
/**
 * Bytes on their way, and freed pieces that are not collected yet: 70 MiB on an idle machine, and
 * 104 if another test delays the collector's threads. A whole body in memory would be twice as
 * much.
 */
const MOST_BYTES = 128 * MIB
/** More than may be on its way. */
const STALLED = 160 * MIB

function* pieces(bytes = LARGE) {
  for (let sent = 0; sent < bytes; sent += PIECE.length) yield PIECE
}

async function count(body: IncomingMessage): Promise<number> {
  let bytes = 0
  for await (const piece of body) bytes += piece.length
  return bytes
}

/** A gateway as a process, with a service that sends and receives much. */
async function gatewayBefore(t: Test, service: Server) {
  await once(service.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => service.close())
  const { port } = service.address() as AddressInfo
  const routes = join(dataFolder(t), 'routes.yaml')
  writeFileSync(
    routes,
    `upstreams: { a: 'http://127.0.0.1:${port}' }
routes: [{ name: row, prefix: /row, upstream: a, access: public, bodyLimitBytes: ${2 * LARGE} }]
`
  )
  const gateway = await serviceProcess('gateway', {
    GATEWAY_PORT: '0',
    GATEWAY_OPS_PORT: '0',
    GATEWAY_ROUTES: routes,
    GATEHOUSE_DATA_DIR: dataFolder(t),
    REDIS_URL: 'redis://127.0.0.1:1'
  })
  t.teardown(() => gateway.stop())
  const status = () => readFileSync(`/proc/${gateway.pid}/status`, 'utf8')
  const kib = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status())?.[1])
  let idle = kib('VmRSS') * 1024
  return {
    url: gateway.url,
    /** From here on, all code that requests need is loaded. */
    measure() {
      idle = kib('VmRSS') * 1024
    },
    grownBytes: () => kib('VmHWM') * 1024 - idle
  }
}

t.test('the memory of the gateway stays flat while half a gibibyte passes', async (t) => {
  const { url, measure, grownBytes } = await gatewayBefore(
    t,
    createServer(async (incoming, response) => {
      if (incoming.method === 'POST') response.end(String(await count(incoming)))
      else if (incoming.url === '/row/small') response.end(PIECE)
      else await pipeline(Readable.from(pieces()), response)
    })
  )
  for (const init of [{}, { method: 'POST', body: PIECE }]) {
    await (await fetch(`${url}/row/small`, init)).text()
  }
  measure()
  const down = get(`${url}/row`)
  const [answer] = (await once(down, 'response')) as [IncomingMessage]
  t.equal(await count(answer), LARGE)

  const up = request(`${url}/row`, { method: 'POST', headers: { 'content-length': LARGE } })
  const answered = once(up, 'response')
  await pipeline(Readable.from(pieces()), up)
  const [receipt] = (await answered) as [IncomingMessage]
  t.equal(receipt.statusCode, 200)
  t.equal(String(await receipt.setEncoding('utf8').toArray()), String(LARGE))
  t.ok(grownBytes() < MOST_BYTES, `it grew by ${Math.round(grownBytes() / MIB)} MiB`)
})

t.test('a client that stops reading pauses its service, not the gateway', async (t) => {
  let sent = 0
  const counted = function* () {
    for (const piece of pieces(STALLED)) {
      sent += piece.length
      yield piece
    }
  }
  const service = createServer(async (_incoming, response) => {
    await pipeline(Readable.from(counted()), response).catch(() => {})
  })
  const { url, grownBytes } = await gatewayBefore(t, service)
  const stalled = get(`${url}/row`)
  const [answer] = (await once(stalled, 'response')) as [IncomingMessage]
  answer.pause()
  let before = -1
  while (sent !== before) {
    before = sent
    await sleep(300)
  }
  t.ok(sent < MOST_BYTES, `the service got rid of ${Math.round(sent / MIB)} MiB`)
  t.ok(grownBytes() < MOST_BYTES)
  answer.resume()
  t.equal(await count(answer), STALLED, 'and continues where it was')
})
