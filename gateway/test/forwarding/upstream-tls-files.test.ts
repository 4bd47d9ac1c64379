import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { authority, type IssuedFiles } from '@gatehouse/fixtures/certificates'
import { eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import t from 'tap'
import { liveRouteTable } from '../../src/routes/table/live-route-table.ts'
import { readRouteTable } from '../../src/routes/table/load-route-table.ts'
import { readUpstreamTls } from '../../src/routes/upstream/upstream-tls.ts'
import { to } from './fixtures/secured-service.ts'

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

t.test('a renewed certificate is read when its file changes', async (t) => {
  const own = await authority(t)
  const [first, next] = [await own.issue('first'), await own.issue('next')]
  const folder = dataFolder(t)
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') }
  const put = ({ cert, key }: IssuedFiles) => {
    copyFileSync(cert, files.certFile)
    copyFileSync(key, files.keyFile)
  }
  put(first)
  const routes = join(folder, 'routes.yaml')
  const load = () => {
    const { upstreams } = to('https://one', files)
    return readRouteTable(
      `upstreams:\n${upstreams}\nroutes:\n  - { name: one, prefix: /, upstream: one }\n`,
      {}
    )
  }
  const table = liveRouteTable({
    first: load(),
    file: routes,
    load,
    onReload() {},
    onFault() {},
    intervalMs: 20
  })
  t.teardown(() => table.close())
  const id = () => table.current().routes[0]?.upstream.tls?.id
  const before = id()
  put(next)
  t.not(
    await eventually(
      async () => id(),
      (now) => now !== before
    ),
    before
  )
  t.strictSame(table.current().routes[0]?.upstream.tls?.options.cert, readFileSync(next.cert))
})
