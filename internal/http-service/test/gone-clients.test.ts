import { connect as connectTwo } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { closed } from '@gatehouse/fixtures/closed'
import { collectGarbage } from '@gatehouse/fixtures/collect-garbage'
import { buildService } from '@gatehouse/http-service/build-service'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { generate } from 'selfsigned'
import t from 'tap'

const pems = await generate([{ name: 'commonName', value: 'localhost' }])
const https = { cert: Buffer.from(pems.cert), key: Buffer.from(pems.private) }
const REQUESTS = 20

for (const secure of [false, true]) {
  const protocol = secure ? 'HTTP/2' : 'HTTP/1.1'
  t.test(
    `a client of ${protocol} that leaves before its refusal leaves nothing behind`,
    async (t) => {
      const log = serviceLog('gone', 'silent')
      const service = buildService({ log, https: secure ? https : null, http2: secure })
      const requests: WeakRef<object>[] = []
      let reached = () => {}
      let refused = () => {}
      service.addHook('onRequest', async ({ raw }) => {
        requests.push(new WeakRef(raw))
        reached()
      })
      service.addHook('onSend', async () => setImmediate(refused))
      service.post('/anything', async () => ({}))
      await service.listen({ host: '127.0.0.1', port: 0 })
      t.teardown(() => service.close())
      const port = (service.server.address() as AddressInfo).port
      const session = secure
        ? connectTwo(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
        : null
      t.teardown(() => session?.destroy())

      for (let turn = 0; turn < REQUESTS; turn += 1) {
        const isReached = new Promise<void>((resolve) => {
          reached = resolve
        })
        const isRefused = new Promise<void>((resolve) => {
          refused = resolve
        })
        const headers = { 'content-type': 'application/json', 'content-length': '10' }
        if (session !== null) {
          const stream = session.request({ ':method': 'POST', ':path': '/anything', ...headers })
          stream.on('error', () => {}).write('{')
          await isReached
          stream.close(8)
        } else {
          const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {})
          const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
          socket.write(`POST /anything HTTP/1.1\r\nHost: a\r\n${lines.join('')}\r\n{`)
          await isReached
          socket.destroy()
          await closed(socket)
        }
        await isRefused
      }
      let kept = REQUESTS
      for (let turn = 0; turn < 50 && kept > 2; turn += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        collectGarbage()
        kept = requests.filter((request) => request.deref() !== undefined).length
      }
      t.equal(requests.length, REQUESTS)
      t.ok(kept <= 2, `${kept} of ${REQUESTS} requests are still in memory`)
    }
  )
}
