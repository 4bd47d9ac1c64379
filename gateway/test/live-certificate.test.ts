import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t, { type Test } from 'tap'
import { readCertificate } from '../src/tls/certificate.ts'
import { liveCertificate } from '../src/tls/live-certificate.ts'
import { edge } from './fixtures/edge.ts'
import { selfSigned } from './fixtures/self-signed.ts'

const other = await selfSigned()

const fingerprint = ({ cert }: { cert: Buffer }) => new X509Certificate(cert).fingerprint256

/** A listener with a certificate in files of its own. */
async function listening(t: Test, intervalMs?: number, clock = Date.now) {
  const folder = dataFolder(t)
  const certFile = join(folder, 'tls.crt')
  const keyFile = join(folder, 'tls.key')
  const write = ({ cert, key }: { cert: Buffer; key: Buffer }) => {
    writeFileSync(certFile, cert)
    writeFileSync(keyFile, key)
  }
  const first = await selfSigned()
  write(first)
  const told: string[] = []
  const expiring: boolean[] = []
  let heard = () => {}
  const tell = (what: string) => {
    told.push(what)
    heard()
  }
  const certificate = liveCertificate({
    certFile,
    keyFile,
    ...(intervalMs === undefined ? {} : { intervalMs }),
    clock,
    onReload: (notAfter) => tell(notAfter.getTime() > Date.now() ? 'new' : 'expired'),
    onExpiring: (_notAfter, hasExpired) => expiring.push(hasExpired),
    onFault: () => tell('fault')
  })
  t.teardown(certificate.close)
  const server = createServer(certificate.first, (socket) => socket.on('error', () => {}))
  certificate.serve(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const open = async (): Promise<TLSSocket> => {
    const { port } = server.address() as AddressInfo
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    t.teardown(() => socket.destroy())
    await once(socket, 'secureConnect')
    return socket
  }
  const shown = async () => (await open()).getPeerX509Certificate()?.fingerprint256
  const next = () =>
    new Promise<void>((resolve) => {
      heard = resolve
    })
  return { certificate, certFile, keyFile, first, write, told, expiring, shown, open, next }
}

t.test(
  'after a reload, new connections get the new certificate, and old ones continue',
  async (t) => {
    const { certificate, first, write, told, shown, open } = await listening(t)
    const old = await open()
    t.equal(await shown(), fingerprint(first))
    write(other)
    certificate.reload()
    t.equal(await shown(), fingerprint(other))
    t.notOk(old.destroyed)
    certificate.reload()
    t.strictSame(told, ['new'], 'the same files again are no news')
  }
)

t.test('a fault of a certificate is one line with its setting and file', async (t) => {
  const folder = dataFolder(t)
  const file = (name: string, content: Buffer | string) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const cert = file('a.crt', other.cert)
  const key = file('a.key', other.key)
  const text = file('text', 'no PEM')
  const foreign = file('b.key', (await selfSigned()).key)
  const faults: [cert: string, key: string, fault: string][] = [
    ['/nope', key, 'GATEWAY_TLS_CERT_FILE: cannot read /nope: no such file or folder'],
    [cert, folder, `GATEWAY_TLS_KEY_FILE: cannot read ${folder}: it is a folder`],
    [text, key, `GATEWAY_TLS_CERT_FILE: ${text} is not a certificate in PEM`],
    [cert, text, `GATEWAY_TLS_KEY_FILE: ${text} is not a private key in PEM without a passphrase`],
    [cert, foreign, `GATEWAY_TLS_KEY_FILE: ${foreign} is not the key of the certificate in ${cert}`]
  ]
  for (const [certFile, keyFile, message] of faults) {
    t.throws(() => readCertificate(certFile, keyFile), { name: 'CertificateFault', message })
  }
  t.strictSame(readCertificate(cert, key), { cert: other.cert, key: other.key })
})

t.test('a certificate that cannot be used is reported, and the old one is served', async (t) => {
  const { certificate, certFile, keyFile, first, told, shown } = await listening(t)
  writeFileSync(certFile, other.cert)
  certificate.reload()
  t.equal(await shown(), fingerprint(first), 'a certificate without its key')
  writeFileSync(certFile, 'no certificate')
  certificate.reload()
  t.equal(await shown(), fingerprint(first))
  t.strictSame(told, ['fault', 'fault'])
  writeFileSync(certFile, other.cert)
  writeFileSync(keyFile, other.key)
  certificate.reload()
  t.equal(await shown(), fingerprint(other))
})

t.test(
  'a certificate that has expired, or will within 21 days, is told at each reading',
  async (t) => {
    const validTo = new X509Certificate(other.cert).validToDate.getTime()
    const days = (count: number) => () => validTo + count * 86_400_000
    for (const [left, told] of [
      [-30, []],
      [-20, [false]],
      [1, [true]]
    ] as const) {
      const { certificate, write, expiring } = await listening(t, undefined, days(left))
      t.strictSame(expiring, told, `${left} days after its end`)
      write(other)
      certificate.reload()
      t.strictSame(expiring, [...told, ...told], 'and when it is read again')
    }
  }
)

t.test('replaced files are read without a signal', async (t) => {
  const { certFile, keyFile, shown, told, next } = await listening(t, 10)
  writeFileSync(`${certFile}.new`, other.cert)
  writeFileSync(`${keyFile}.new`, other.key)
  renameSync(`${certFile}.new`, certFile)
  renameSync(`${keyFile}.new`, keyFile)
  while (!told.includes('new')) await next()
  t.equal(await shown(), fingerprint(other))
})

t.test('a gateway’s own listener takes another certificate', async (t) => {
  const gateway = await edge(t, { https: await selfSigned() })
  gateway.server.setSecureContext(other)
  const answer = get(`${gateway.url}/open`, { rejectUnauthorized: false, agent: false })
  const [response] = await once(answer, 'response')
  const { socket } = response as { socket: TLSSocket }
  t.equal(socket.getPeerX509Certificate()?.fingerprint256, fingerprint(other))
  response.resume()
})
