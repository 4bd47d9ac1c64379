import { authority } from '@gatehouse/fixtures/certificates'
import { readSettings } from '@gatehouse/settings/read-settings'
import { clientTlsFaults, clientTlsReader, clientTlsSettings } from '@gatehouse/tls/client-settings'
import t from 'tap'
import { download, downloadFault } from '../../../src/keys/key-sets/download.ts'
import { secured } from '../fixtures/secured-service.ts'

t.test('the key set is loaded over TLS, with a certificate of the gateway', async (t) => {
  const own = await authority(t)
  const client = await own.issue('gateway')
  const auth = await secured(t, await own.issue('auth.internal', ['127.0.0.1']), own)
  const settings = {
    GATEWAY_JWKS_URL: auth.url,
    GATEWAY_JWKS_CA_FILE: own.file,
    GATEWAY_JWKS_CERT_FILE: client.cert,
    GATEWAY_JWKS_KEY_FILE: client.key
  }
  const keySetTls = (given: Partial<typeof settings>) => clientTlsReader('GATEWAY_JWKS', given)
  const keySetTlsFaults = (given: Partial<typeof settings>) =>
    clientTlsFaults('GATEWAY_JWKS', given, given.GATEWAY_JWKS_URL ?? '')
  t.strictSame(keySetTlsFaults(settings), [])
  t.equal((await download(auth.url, undefined, keySetTls(settings))).text, 'ok')
  t.strictSame(auth.names, ['gateway'])
  const named = { ...settings, GATEWAY_JWKS_SERVER_NAME: 'auth.internal' }
  t.equal((await download(auth.url, undefined, keySetTls(named))).text, 'ok', 'by the name in it')
  const misnamed = { ...settings, GATEWAY_JWKS_SERVER_NAME: 'other.internal' }
  for (const [tls, cause] of [
    [null, /^fetch failed: .*(self-signed|unable to verify)/],
    [keySetTls(misnamed), /^fetch failed: .*other\.internal/]
  ] as const) {
    const fault = await download(auth.url, undefined, tls).catch(downloadFault)
    t.match(fault, cause)
    t.notMatch(fault, 'auth.internal', 'no name of the certificate')
  }
  t.match(keySetTlsFaults({ ...settings, GATEWAY_JWKS_URL: 'http://auth' }), [
    /^GATEWAY_JWKS_CA_FILE has no effect without TLS/
  ])
  t.match(keySetTlsFaults({ ...settings, GATEWAY_JWKS_CA_FILE: '/nowhere' }), [
    /^GATEWAY_JWKS_CA_FILE: cannot read \/nowhere: no such file/
  ])
  t.throws(
    () => readSettings(clientTlsSettings('GATEWAY_JWKS'), { GATEWAY_JWKS_SERVER_NAME: '10.0.0.1' }),
    /GATEWAY_JWKS_SERVER_NAME must be the name of a host/
  )
  const { GATEWAY_JWKS_KEY_FILE: _, ...alone } = settings
  t.match(keySetTlsFaults(alone), [
    /^GATEWAY_JWKS_CERT_FILE and GATEWAY_JWKS_KEY_FILE must be set together/
  ])
})
