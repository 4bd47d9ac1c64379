import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as turn } from 'node:timers/promises'
import { eventually } from '@gatehouse/fixtures/client'
import { closed } from '@gatehouse/fixtures/closed'
import { Registry } from 'prom-client'
import t, { type Test } from 'tap'
import { type Edge, edge } from '../../fixtures/edge.ts'

const MIB = 1024 * 1024
const DOWNLOAD_BYTES = 16 * MIB
const UNREAD = 'gateway_unread_response_bytes'

/** A download whose client reads the beginning and then stops. Waits until no more bytes move. */
async function unreadDownload(t: Test, { port, server }: Edge, path: string): Promise<Socket> {
  const accepted = new Promise<Socket>((resolve) => server.on('connection', resolve))
  const client = connect({ port, host: '127.0.0.1' })
  t.teardown(() => client.destroy())
  client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  const connection = await accepted
  await once(client, 'data')
  client.pause()
  // Client, gateway and service are in this process, so a turn without progress is one for all
  // three.
  for (let idle = 0, bytes = 0; idle < 20; idle += 1) {
    await turn(1)
    if (connection.bytesWritten !== bytes) idle = 0
    bytes = connection.bytesWritten
  }
  return client
}

t.test('all services share one memory limit for unread downloads', async (t) => {
  const metrics = new Registry()
  let ended = 0
  const gateway = await edge(t, {
    metrics,
    logRequest: () => {
      ended += 1
    },
    unreadBytes: MIB,
    upstreams: `  other: '\${SERVICE}'`,
    routes: '\n  - { name: other, prefix: /other, upstream: other, access: public }\n'
  })
  gateway.upstream.answer = (_request, response) => {
    response.end(Buffer.alloc(DOWNLOAD_BYTES))
  }
  const used = async () => (await metrics.getSingleMetric(UNREAD)?.get())?.values[0]?.value ?? 0
  const isUsed = (bytes: number) => eventually(used, (now) => now === bytes, 5000)
  const first = await unreadDownload(t, gateway, '/open')
  const second = await unreadDownload(t, gateway, '/other')
  t.equal(await isUsed(2 * 448 * 1024), 2 * 448 * 1024)
  const end = closed(first)
  await unreadDownload(t, gateway, '/open')
  // Before the first client reads again, because the third one may not be waiting yet.
  t.equal(
    await eventually(
      async () => ended,
      (count) => count > 0,
      5000
    ),
    1
  )
  first.resume()
  await end
  t.ok(first.bytesRead < DOWNLOAD_BYTES, 'the one that waited longest is broken off')
  const rest = closed(second)
  second.on('data', () => {
    if (second.bytesRead > DOWNLOAD_BYTES) second.end()
  })
  second.resume()
  await rest
  t.ok(second.bytesRead > DOWNLOAD_BYTES, 'a client that reads gets everything')
  t.equal(await isUsed(448 * 1024), 448 * 1024)
})
