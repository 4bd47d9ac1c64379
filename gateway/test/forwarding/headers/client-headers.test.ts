import t from 'tap'
import { clientHeaders } from '../../../src/forwarding/headers/client-headers.ts'
import type { ResponseHeaders } from '../../../src/forwarding/headers/passed-headers.ts'
import { canonicalTarget } from '../../../src/paths/canonical-path.ts'
import { readRouteTable } from '../../../src/routes/table/load-route-table.ts'

const table = readRouteTable(
  `
upstreams: { service: 'http://service' }
routes:
  - { name: plain, prefix: /plain, upstream: service }
`,
  {}
)
const [route] = table.routes
if (route === undefined) throw new Error('there is a route')
const target = canonicalTarget('/plain')
if (target === null) throw new Error('the path is canonical')
const passage = { route, access: 'signed-in', target, headers: {} } as const
const passed = (received: ResponseHeaders) =>
  clientHeaders(received, passage, 'http://service', table)

t.test('a response may name a hundred headers in Connection, and no more', async (t) => {
  const names = Array.from({ length: 101 }, (_, index) => `x-${index}`)
  const received = { 'x-a': '1', 'x-0': '2' }
  for (const connection of [names.slice(1), [names.slice(1).join(',')]]) {
    t.strictSame(passed({ ...received, connection }), received)
    for (const more of [[...connection, 'x-0'], [`${connection.join(', ')}, x-0`]]) {
      t.throws(() => passed({ ...received, connection: more }), { message: /Connection/ })
    }
  }
  t.throws(() => passed({ connection: ','.repeat(60_000) }), { message: /Connection/ })
})
