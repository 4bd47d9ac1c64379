import { derivedAddresses } from '@gatehouse/process/derived-addresses'
import t from 'tap'

t.test('unset addresses are derived from the ports', async (t) => {
  t.strictSame(derivedAddresses({}), {
    TOKEN_ISSUER: 'http://localhost:3000',
    AUTH_URL: 'http://127.0.0.1:3001',
    ORDERS_URL: 'http://127.0.0.1:3002',
    ECHO_URL: 'http://127.0.0.1:3003'
  })
  t.match(derivedAddresses({ GATEWAY_PORT: '8443', GATEWAY_TLS_CERT_FILE: 'a', AUTH_PORT: '9' }), {
    TOKEN_ISSUER: 'https://localhost:8443',
    AUTH_URL: 'http://127.0.0.1:9'
  })
  for (const none of ['0', '', 'http', '-1']) {
    const { TOKEN_ISSUER } = derivedAddresses({ GATEWAY_PORT: none })
    t.equal(TOKEN_ISSUER, 'http://localhost:3000', `"${none}" says nothing of the port`)
  }
})
