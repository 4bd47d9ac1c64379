import { readFileSync } from 'node:fs'
import { authority } from '@gatehouse/fixtures/certificates'
import t from 'tap'
import { authorityFault } from '../../src/pem/pem-authority.ts'
import { heldCertificates } from '../../src/pem/pem-expiry.ts'

t.test(
  'the first certificate of a chain to expire counts, and the last of several authorities',
  async (t) => {
    const { issue } = await authority(t)
    const [early, late] = [new Date('2031-01-01T00:00:00Z'), new Date('2032-01-01T00:00:00Z')]
    const pems = [await issue('a', [], late), await issue('b', [], early)].map(({ cert }) =>
      readFileSync(cert, 'utf8')
    )
    const both = `of some authority\n${pems.join('\n')}`
    const held = heldCertificates([
      { name: 'CERT_FILE', chain: Buffer.from(both) },
      { name: 'CA_FILE', authorities: both },
      { name: 'OTHER_FILE', chain: undefined }
    ])
    t.strictSame(held, [
      { name: 'CERT_FILE', expiresMs: early.getTime() },
      { name: 'CA_FILE', expiresMs: late.getTime() }
    ])
  }
)

t.test('certificates under the older names of OpenSSL have an expiry too', async (t) => {
  const { issue } = await authority(t)
  const expires = new Date('2031-01-01T00:00:00Z')
  const pem = readFileSync((await issue('a', [], expires)).cert, 'utf8')
  const old = pem.replaceAll('CERTIFICATE-', 'X509 CERTIFICATE-')
  t.strictSame(
    heldCertificates([
      { name: 'CERT_FILE', chain: old },
      { name: 'CA_FILE', authorities: old },
      { name: 'EMPTY_FILE', authorities: 'no certificate' }
    ]),
    [
      { name: 'CERT_FILE', expiresMs: expires.getTime() },
      { name: 'CA_FILE', expiresMs: expires.getTime() }
    ]
  )
  t.equal(authorityFault('CA_FILE', old), null, 'they are accepted as authorities')
})
