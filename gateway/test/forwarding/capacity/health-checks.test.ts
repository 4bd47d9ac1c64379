import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { healthChecks } from '../../../src/forwarding/capacity/health-checks.ts'
import { readRouteTable } from '../../../src/routes/table/load-route-table.ts'
import { route, tableFile } from '../../routes/fixtures/table-file.ts'

t.test('an unhealthy address stays so if only the settings of its check change', async (t) => {
  const service = createServer((_request, response) => response.writeHead(503).end())
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  t.teardown(() => service.close())
  const address = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  const withHealth = (health: string) =>
    readRouteTable(tableFile(`{ service: { addresses: ['${address}']${health} } }`, route), {})
  const health = 'path: /healthz, intervalSeconds: 0.05, unhealthyAfter: 1'
  let table = withHealth(`, health: { ${health} }`)
  const verdicts: boolean[] = []
  const isUnhealthy = Promise.withResolvers<void>()
  const checks = healthChecks({
    table: () => table,
    onChange(_endpoint, healthy) {
      verdicts.push(healthy)
      isUnhealthy.resolve()
    }
  })
  t.teardown(() => checks.close())
  await isUnhealthy.promise
  table = withHealth(`, health: { ${health}, timeoutSeconds: 1 }`)
  checks.follow()
  t.strictSame(verdicts, [false])
  table = withHealth('')
  checks.follow()
  t.strictSame(verdicts, [false, true], 'without a check, it is healthy')
})
