import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t from 'tap'
import { loadRouteTable, readRouteTable } from '../../../src/routes/table/load-route-table.ts'
import { faultsOf, route, service, tableFile } from '../fixtures/table-file.ts'

t.test('an unset variable is a fault that names it', async (t) => {
  const named = (text: string) => `'\${${text}}'`
  const yaml = tableFile(
    `{ service: ${named('SERVICE_URL')}, other: ${named('OTHER_URL:-http://b')} }`,
    route
  )
  const fault = `routes.yaml:1:23: the variable SERVICE_URL is not set; \${SERVICE_URL:-value} gives it a default`
  t.strictSame(faultsOf(yaml), [fault], 'unset')
  t.strictSame(faultsOf(yaml, { SERVICE_URL: '' }), [fault], 'empty')
  t.strictSame(faultsOf(yaml, { SERVICE_URL: 'http://a' }), [])
})

t.test('a file that is not a route table is refused', async (t) => {
  for (const yaml of ['', '1', '[]', 'routes: []', `upstreams: ${service}\nroutes: []`]) {
    t.not(faultsOf(yaml).length, 0, yaml)
  }
  const twice = `${tableFile(service, route)}upstreams: ${service}\n`
  t.throws(
    () => readRouteTable(twice, {}),
    /upstreams is given twice/,
    'a member that is given twice'
  )
  t.throws(() => readRouteTable(`${tableFile(service, route)}extra: 1\n`, {}), {
    name: 'SettingsFault'
  })
})

t.test('variables of any length do not change the reported positions of faults', async (t) => {
  const yaml = `upstreams: { a: '\${A}', b: '\${B_WITH_A_LONG_NAME}' }
routes: [{ name: a, prefix: '\${A}x', upstream: c }]
# \${NOT_SET} does not matter here
`
  const environment = { A: 'http://a.with.a.long.name.example', B_WITH_A_LONG_NAME: 'b' }
  t.strictSame(
    faultsOf(yaml, environment).map((fault) => fault.split(': ', 2).join(': ')),
    ['routes.yaml:1:28: in the value of B_WITH_A_LONG_NAME', 'routes.yaml:2:29: route a']
  )
})

t.test('a file that is not UTF-8 text is refused, and a byte order mark is ignored', async (t) => {
  const folder = dataFolder(t)
  const write = (name: string, content: Buffer) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const table = tableFile(service, route)
  const marked = write('bom.yaml', Buffer.from(`\u{FEFF}${table}`))
  t.equal(loadRouteTable(marked, {}).routes.length, 1)
  for (const content of [Buffer.from(table, 'utf16le'), Buffer.from([0xff, 0xfe])]) {
    const wide = write('wide.yaml', content)
    t.throws(() => loadRouteTable(wide, {}), {
      message: /cannot read .*wide\.yaml: it is not UTF-8 text$/
    })
  }
})
