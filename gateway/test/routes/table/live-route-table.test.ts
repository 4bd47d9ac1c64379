import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t, { type Test } from 'tap'
import { liveRouteTable } from '../../../src/routes/table/live-route-table.ts'
import { loadRouteTable, readRouteTable } from '../../../src/routes/table/load-route-table.ts'

const withRoute = (prefix: string) =>
  `upstreams: { service: 'http://service' }\nroutes: [{ name: route, prefix: ${prefix}, upstream: service }]\n`

/** A table in a file of its own, and the reports about it. */
function live(t: Test) {
  const file = join(dataFolder(t), 'routes.yaml')
  writeFileSync(file, withRoute('/before'))
  const told: string[] = []
  let heard = () => {}
  const tell = (what: string) => {
    told.push(what)
    heard()
  }
  const table = liveRouteTable({
    file,
    reader: {
      read: (yaml) => readRouteTable(yaml, {}),
      filesNamedIn: () => [],
      warningsOf: () => [],
      validate: async (yaml) => ({ routes: readRouteTable(yaml, {}).routes.length, warnings: [] })
    },
    first: loadRouteTable(file, {}),
    intervalMs: 10,
    onReload: ({ routes }) => tell(`${routes.length} route`),
    onFault: (error) => tell((error as Error).name),
    onFollowerFault: (error) => tell((error as Error).message)
  })
  t.teardown(() => table.close())
  const has = (path: string) => table.current().match(path) !== null
  const next = () =>
    new Promise<void>((resolve) => {
      heard = resolve
    })
  return { file, table, told, has, next }
}

t.test('a reloaded table replaces the old one as a whole', async (t) => {
  const { file, table, told, has } = live(t)
  writeFileSync(file, withRoute('/after'))
  t.ok(has('/before') && !has('/after'), 'not before it is asked for')
  table.reload()
  t.ok(has('/after') && !has('/before'))
  t.strictSame(told, ['1 route'])
})

t.test('a table with a fault is reported, and the old one stays', async (t) => {
  const { file, table, told, has } = live(t)
  const bad = [
    'routes: [',
    withRoute('/a b'),
    withRoute('/still-being-written').trimEnd(),
    `${withRoute('/')}`.replace('upstream: service', 'upstream: none'),
    ''
  ]
  for (const text of bad) {
    writeFileSync(file, text)
    table.reload()
    t.ok(has('/before'), text.slice(0, 20))
    t.equal(table.faults().length, 1, 'the faults of the file are known')
  }
  t.strictSame([...new Set(told)], ['SettingsFault'])
  writeFileSync(file, withRoute('/after'))
  table.reload()
  t.ok(has('/after'), 'and a good one is taken afterwards')
  t.strictSame(table.faults(), [])
})

t.test('if a follower of the route table fails, the others still get the new table', async (t) => {
  const { file, table, told, has } = live(t)
  table.onChange(() => {
    throw new Error('failed')
  })
  table.onChange(() => told.push('the next one'))
  writeFileSync(file, withRoute('/after'))
  table.reload()
  t.ok(has('/after'), 'the new table is in force')
  t.strictSame(told, ['1 route', 'failed', 'the next one'])
})

t.test('a change of the file is noticed, even if the file is replaced', async (t) => {
  const { file, has, next } = live(t)
  /**
   * Writes repeatedly until the change is noticed: a write before the first look at the file is not
   * a change.
   */
  const noticed = async (path: string, write: (text: string) => void) => {
    const again = setInterval(() => write(withRoute(path)), 50)
    // The first report may still be about the previous change.
    do await next()
    while (!has(path))
    clearInterval(again)
  }
  await noticed('/written', (text) => writeFileSync(file, text))
  t.notOk(has('/before'))
  await noticed('/replaced-by-another', (text) => {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  })
  t.notOk(has('/written'))
})
