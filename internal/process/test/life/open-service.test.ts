import { buildService } from '@gatehouse/http-service/build-service'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { openService } from '@gatehouse/process/open-service'
import { buildOps } from '@gatehouse/process/ops-listener'
import { withClosing } from '@gatehouse/process/with-closing'
import { Registry } from 'prom-client'
import t from 'tap'

t.test('a draining service is not ready, and serves every request until it closes', async (t) => {
  const log = serviceLog('service', 'silent')
  const app = buildService({ log })
  app.get('/', async () => ({}))
  const metrics = new Registry()
  const ops = buildOps({ log, metrics, checks: {}, service: app })
  const other = buildService({ log })
  other.get('/', async () => ({}))
  t.teardown(() => other.close())
  const otherUrl = await other.listen({ host: '127.0.0.1', port: 0 })
  const at = { host: '127.0.0.1', port: 0 }
  const service = await openService({
    name: 'service',
    times: { drainMs: 0, closeMs: 1000 },
    service: { app, at },
    ops: { app: ops, at },
    metrics,
    alongside: [other],
    async close() {
      await app.close()
      await ops.close()
    }
  })
  t.equal((await fetch(`${service.opsUrl}/readyz`)).status, 200)
  const logged = t.capture(app.log, 'info')
  await service.drain?.()
  t.match(
    logged(),
    [{ args: [{ drainSeconds: 0 }, 'draining before exit'] }],
    'the log says why it ends'
  )
  t.equal((await fetch(`${service.opsUrl}/readyz`)).status, 503)
  const answer = await fetch(service.url)
  t.match([answer.status, answer.headers.get('connection')], [200, 'close'])
  const { headers } = await fetch(otherUrl)
  t.equal(headers.get('connection'), 'close', 'its other listeners drain with it')
  t.equal(service.endsWithinMs, 4000)
  await service.close()
  await t.rejects(fetch(service.url), 'then it accepts no connection')
})

t.test('a start that fails closes what it has opened, the last first', async (t) => {
  const closed: string[] = []
  const start = (fault: Error | null) =>
    withClosing(async (closing) => {
      closing.defer(() => void closed.push('the first'))
      closing.defer(async () => void closed.push('the second'))
      if (fault !== null) throw fault
      return closing
    })
  const open = await start(null)
  t.strictSame(closed, [], 'a start that succeeds leaves everything open')
  await open.disposeAsync()
  t.strictSame(closed.splice(0), ['the second', 'the first'])

  const fault = new Error('no third')
  await t.rejects(start(fault), fault)
  t.strictSame(closed, ['the second', 'the first'])

  const broken = withClosing(async (closing) => {
    closing.defer(() => {
      throw new Error('it does not close')
    })
    throw fault
  })
  await t.rejects(broken, fault, 'the error of the start is reported')
})
