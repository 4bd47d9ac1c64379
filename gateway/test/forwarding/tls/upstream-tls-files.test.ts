import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { authority, type IssuedFiles } from '@gatehouse/fixtures/certificates'
import { eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import t, { type Test } from 'tap'
import { liveRouteTable } from '../../../src/routes/table/live-route-table.ts'
import {
  filesNamedIn,
  loadRouteTable,
  readRouteTable
} from '../../../src/routes/table/load-route-table.ts'
import { readUpstreamTls } from '../../../src/routes/upstream/upstream-tls.ts'
import { to } from '../fixtures/secured-service.ts'

t.test('faults of the files name the service and the member', async (t) => {
  const folder = dataFolder(t)
  const own = await authority(t)
  const [one, two] = [await own.issue('one'), await own.issue('two')]
  const text = join(folder, 'text')
  writeFileSync(text, 'not a certificate')
  const read = (tls: object, address = 'https://one') => {
    const { upstreams } = to(address, { ...tls })
    const yaml = `upstreams:\n${upstreams}\nroutes:\n  - { name: one, prefix: /, upstream: one }\n`
    try {
      return readRouteTable(yaml, {}).files
    } catch (error) {
      if (error instanceof SettingsFault) return error.faults.join()
      throw error
    }
  }
  t.strictSame(read({ caFile: own.file, certFile: one.cert, keyFile: one.key }), [
    own.file,
    one.cert,
    one.key
  ])
  for (const [tls, fault] of [
    [{ caFile: '/nowhere' }, /upstream one: tls\.caFile: cannot read \/nowhere: no such file/],
    [{ caFile: folder }, /tls\.caFile: cannot read .*: it is a folder/],
    [{ caFile: text }, /tls\.caFile: .*text is not a certificate in PEM/],
    [{ certFile: one.cert }, /tls\.certFile and tls\.keyFile must be set together/],
    [
      { certFile: one.cert, keyFile: two.key },
      /tls\.keyFile: .* is not the key of the certificate/
    ],
    [{ certFile: text, keyFile: one.key }, /tls\.certFile: .*text is not a certificate in PEM/],
    [{ serverName: '127.0.0.1' }, /tls\.serverName must be the name of a host/],
    [{ ca: own.file }, /tls\.ca is not known; allowed: caFile/]
  ] as const) {
    t.match(read(tls), fault)
  }
  t.match(read({ caFile: own.file }, 'http://one:1'), /tls has no effect on http:\/\/one:1/)
})

t.test('the output about a route contains the names of TLS files, not the key', async (t) => {
  const own = await authority(t)
  const { cert, key } = await own.issue('one')
  const tls = { caFile: own.file, certFile: cert, keyFile: key }
  const shown = JSON.parse(JSON.stringify(readUpstreamTls(tls)))
  t.strictSame(shown, tls)
})

/** A live route table with one upstream, whose certificate is in a folder of its own. */
async function withCertificate(t: Test) {
  const own = await authority(t)
  const folder = dataFolder(t)
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') }
  const put = ({ cert, key }: IssuedFiles) => {
    copyFileSync(cert, files.certFile)
    copyFileSync(key, files.keyFile)
  }
  put(await own.issue('first'))
  const file = join(folder, 'routes.yaml')
  const write = (named = files) => {
    const { upstreams } = to('https://one', named)
    const routes = 'routes:\n  - { name: one, prefix: /, upstream: one }\n'
    writeFileSync(file, `upstreams:\n${upstreams}\n${routes}`)
  }
  write()
  const faults: unknown[] = []
  const table = liveRouteTable({
    first: loadRouteTable(file, {}),
    file,
    reader: {
      read: (yaml) => readRouteTable(yaml, {}),
      filesNamedIn: (yaml) => filesNamedIn(yaml, {}),
      warningsOf: () => [],
      validate: async (yaml) => ({ routes: readRouteTable(yaml, {}).routes.length, warnings: [] })
    },
    onReload() {},
    onFault: (error) => faults.push(error),
    onFollowerFault: (error) => t.error(error),
    intervalMs: 20
  })
  t.teardown(() => table.close())
  const current = () => table.current().routes[0]?.upstream.tls
  return { own, folder, files, put, write, faults, table, current }
}

t.test('a renewed certificate is read when its file changes', async (t) => {
  const { own, put, current } = await withCertificate(t)
  const before = current()?.id
  const next = await own.issue('next')
  put(next)
  t.not(
    await eventually(
      async () => current()?.id,
      (now) => now !== before
    ),
    before
  )
  t.strictSame(current()?.options.cert, readFileSync(next.cert))
})

t.test('a route table that waits for a certificate is read when the file appears', async (t) => {
  const { own, folder, write, faults, table, current } = await withCertificate(t)
  const later = { certFile: join(folder, 'later.pem'), keyFile: join(folder, 'later-key.pem') }
  write(later)
  table.reload()
  t.equal(faults.length, 1, 'the table is refused, since its certificate is missing')
  const next = await own.issue('next')
  copyFileSync(next.key, later.keyFile)
  copyFileSync(next.cert, later.certFile)
  const wanted = readFileSync(next.cert)
  const found = await eventually(
    async () => current()?.options.cert,
    (cert) => cert?.equals(wanted) === true
  )
  t.strictSame(found, wanted)
})
