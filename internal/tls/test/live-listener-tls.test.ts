import { X509Certificate } from 'node:crypto'
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { authority, type IssuedFiles } from '@gatehouse/fixtures/certificates'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { faults } from '@gatehouse/fixtures/faults'
import t, { type Test } from 'tap'
import { readCertificate } from '../src/certificate.ts'
import { listenerFaults } from '../src/listeners/listener-settings.ts'
import { type ListeningOptions, listeningWith } from './fixtures/listening-tls.ts'

const ours = await authority(t)
const [first, other] = [await ours.issue('localhost'), await ours.issue('localhost')]
const fingerprint = ({ cert }: IssuedFiles) =>
  new X509Certificate(readFileSync(cert)).fingerprint256

const listening = (t: Test, options: ListeningOptions = {}) => listeningWith(t, first, options)

t.test(
  'after a reload, new connections get the new certificate, and old ones continue',
  async (t) => {
    const { tls, write, told, shown, open } = await listening(t)
    const old = await open()
    t.equal(await shown(), fingerprint(first))
    write(other)
    tls.reload()
    t.equal(await shown(), fingerprint(other))
    t.notOk(old.destroyed)
    tls.reload()
    t.strictSame(told, ['new'], 'the same files cause no reload')
    t.strictSame(tls.served().cert, readFileSync(other.cert))
  }
)

t.test(
  'a certificate that is renewed before the listener is built is the one it serves',
  async (t) => {
    const { shown } = await listening(t, {
      beforeServing(write, reload) {
        write(other)
        reload()
      }
    })
    t.equal(await shown(), fingerprint(other))
  }
)

t.test('a fault of a certificate is one line with its setting and file', async (t) => {
  const folder = dataFolder(t)
  const text = join(folder, 'text')
  writeFileSync(text, 'no PEM')
  const { cert, key } = other
  const der = join(folder, 'der')
  writeFileSync(der, new X509Certificate(readFileSync(cert)).raw)
  const names = { cert: 'AUTH_TLS_CERT_FILE', key: 'AUTH_TLS_KEY_FILE' }
  const faults: [cert: string, key: string, fault: string][] = [
    ['/nope', key, 'AUTH_TLS_CERT_FILE: cannot read /nope: no such file or folder'],
    [cert, folder, `AUTH_TLS_KEY_FILE: cannot read ${folder}: it is a folder`],
    [text, key, `AUTH_TLS_CERT_FILE: ${text} is not a certificate in PEM`],
    [der, key, `AUTH_TLS_CERT_FILE: ${der} is not a certificate in PEM`],
    [key, cert, `AUTH_TLS_CERT_FILE: ${key} is not a certificate in PEM`],
    [cert, text, `AUTH_TLS_KEY_FILE: ${text} is not a private key in PEM without a passphrase`],
    [
      cert,
      first.key,
      `AUTH_TLS_KEY_FILE: ${first.key} is not the key of the certificate in ${cert}`
    ]
  ]
  for (const [certFile, keyFile, message] of faults) {
    t.throws(() => readCertificate(certFile, keyFile, names), { name: 'TlsFileFault', message })
  }
  t.strictSame(readCertificate(cert, key, names), {
    cert: readFileSync(cert),
    key: readFileSync(key)
  })
})

t.test('the settings of both listeners of a process are checked at once', async (t) => {
  const version = { TLS_MIN_VERSION: 'TLSv1.2' } as const
  const faults = (settings: Record<string, string>) =>
    listenerFaults('AUTH', { ...version, ...settings })
  const pair = { AUTH_OPS_TLS_CERT_FILE: first.cert, AUTH_OPS_TLS_KEY_FILE: first.key }
  t.strictSame(faults({ ...pair, AUTH_OPS_TLS_CLIENT_CA_FILE: ours.file }), [])
  t.strictSame(faults({ AUTH_TLS_CERT_FILE: first.cert, AUTH_OPS_TLS_CLIENT_CA_FILE: ours.file }), [
    'AUTH_TLS_CERT_FILE and AUTH_TLS_KEY_FILE must be set together',
    'AUTH_OPS_TLS_CLIENT_CA_FILE has no effect without AUTH_OPS_TLS_CERT_FILE and AUTH_OPS_TLS_KEY_FILE'
  ])
  t.strictSame(faults({ ...pair, AUTH_OPS_TLS_CLIENT_CA_FILE: first.key }), [
    `AUTH_OPS_TLS_CLIENT_CA_FILE: ${first.key} is not a certificate in PEM`
  ])
})

t.test('a certificate that cannot be used is reported, and the old one is served', async (t) => {
  const { tls, certFile, keyFile, told, shown } = await listening(t)
  copyFileSync(other.cert, certFile)
  tls.reload()
  t.equal(await shown(), fingerprint(first), 'a certificate without its key')
  writeFileSync(certFile, 'no certificate')
  tls.reload()
  t.equal(await shown(), fingerprint(first))
  t.strictSame(told, ['fault', 'fault'])
  copyFileSync(other.cert, certFile)
  copyFileSync(other.key, keyFile)
  tls.reload()
  t.equal(await shown(), fingerprint(other))
})

t.test(
  'a certificate that has expired, or will within 21 days, is reported at each reading',
  async (t) => {
    const validTo = new X509Certificate(readFileSync(other.cert)).validToDate.getTime()
    const days = (count: number) => () => validTo + count * 86_400_000
    for (const [left, told] of [
      [-30, []],
      [-20, [false]],
      [1, [true]]
    ] as const) {
      const { tls, write, expiring } = await listening(t, { clock: days(left) })
      t.strictSame(expiring, told, `${left} days after its end`)
      write(other)
      tls.reload()
      t.strictSame(expiring, [...told, ...told], 'and when it is read again')
    }
  }
)

t.test('clients refuse a certificate that has expired, until its files have another', async (t) => {
  const { tls, write, gets, open } = await listening(t)
  const before = await open()
  const client = {
    ca: readFileSync(ours.file),
    servername: 'localhost',
    rejectUnauthorized: true
  }
  t.equal(await gets(client), 'hello')
  write(await ours.issue('localhost', [], new Date()))
  tls.reload()
  t.equal(await gets(client), null)
  write(other)
  tls.reload()
  t.equal(await gets(client), 'hello')
  t.equal(before.destroyed ? 1 : 0, faults.listenerCertificateExpired.lost, 'open connections')
})

t.test('replaced files are read without a signal, and together', async (t) => {
  const { certFile, keyFile, shown, told, next } = await listening(t, { intervalMs: 10 })
  copyFileSync(other.cert, `${certFile}.new`)
  copyFileSync(other.key, `${keyFile}.new`)
  renameSync(`${certFile}.new`, certFile)
  renameSync(`${keyFile}.new`, keyFile)
  while (!told.includes('new')) await next()
  t.equal(await shown(), fingerprint(other))
})

t.test(
  'a listener with a client CA serves clients of this authority only, even after a renewal',
  async (t) => {
    const { tls, write, gets } = await listening(t, { clientCaFile: ours.file })
    const pems = ({ cert, key }: IssuedFiles) => ({
      cert: readFileSync(cert),
      key: readFileSync(key)
    })
    const client = pems(await ours.issue('client'))
    const stranger = pems(await (await authority(t, 'another authority')).issue('client'))
    for (const when of ['at first', 'renewed']) {
      t.equal(await gets(client), 'hello', when)
      t.equal(await gets({}), null, `${when}: without a certificate`)
      t.equal(await gets(stranger), null, `${when}: with a certificate of another authority`)
      write(other)
      tls.reload()
    }
  }
)

t.test('the oldest version of TLS is the one of the setting, even after a renewal', async (t) => {
  const { tls, write, gets } = await listening(t, { minVersion: 'TLSv1.3' })
  for (const when of ['at first', 'renewed']) {
    t.equal(await gets({}), 'hello', when)
    t.equal(await gets({ maxVersion: 'TLSv1.2' }), null, `${when}: TLS 1.2`)
    write(other)
    tls.reload()
  }
})
