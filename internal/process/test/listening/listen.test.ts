import { buildService } from '@gatehouse/http-service/build-service'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { listen } from '@gatehouse/process/listen'
import { listenFault } from '@gatehouse/process/listen-fault'
import { buildOps } from '@gatehouse/process/ops-listener'
import type { FastifyInstance, FastifyListenOptions } from 'fastify'
import { Registry } from 'prom-client'
import t, { type Test } from 'tap'

function listener(t: Test) {
  const log = serviceLog('ops', 'silent')
  const service = buildService({ log })
  const ops = buildOps({ log, metrics: new Registry(), checks: {}, service })
  t.teardown(() => ops.close())
  return ops
}

t.test('port 0 becomes a real port, at an address that can be requested', async (t) => {
  const url = await listen(listener(t), { host: '127.0.0.1', port: 0 })
  t.match(url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
  t.equal((await fetch(`${url}/healthz`)).status, 200)
})

t.test('localhost is one address, so that there is no second server without limits', async (t) => {
  const ops = listener(t)
  const hosts: unknown[] = []
  const listening: Pick<FastifyInstance, 'listen'> = {
    listen(options?: unknown) {
      hosts.push((options as FastifyListenOptions).host)
      return ops.listen(options as FastifyListenOptions)
    }
  }
  const url = await listen({ ...listening, server: ops.server }, { host: 'localhost', port: 0 })
  t.match(url, /^http:\/\/localhost:[1-9]\d*$/)
  t.match(hosts, [/^(127\.\d+\.\d+\.\d+|::1)$/], 'the framework does not get the name')
  t.equal((await fetch(`${url}/healthz`)).status, 200)
})

t.test('a port in use is a fault that says so', async (t) => {
  const { port } = new URL(await listen(listener(t), { host: '127.0.0.1', port: 0 }))
  const second = listen(listener(t), { host: '127.0.0.1', port: Number(port) })
  await t.rejects(second, { code: 'EADDRINUSE' })
})

t.test('the fault of a listener names its setting', async (t) => {
  const at = { host: '10.9.8.7', port: 443 }
  const told = (code: string) => (listenFault({ code }, 'AUTH_OPS', at) as Error).message
  t.match(told('EADDRINUSE'), /^AUTH_OPS_PORT: cannot listen on 10\.9\.8\.7:443: another process/)
  t.match(told('EACCES'), /^AUTH_OPS_PORT: .*below 1024/)
  t.match(told('EADDRNOTAVAIL'), /^AUTH_OPS_HOST: .*does not have the address/)
  t.match(told('ENOTFOUND'), /^AUTH_OPS_HOST: .*no host of that name/)
  const bug = new Error('a bug')
  t.equal(listenFault(bug, 'AUTH', at), bug)
})
