import { settingsFaults } from '@gatehouse/fixtures/settings-faults'
import t from 'tap'
import { readConfig } from '../../../src/config.ts'
import { passkeyPolicyOf } from '../../../src/factors/passkeys/passkey-settings.ts'

const policy = (environment: Record<string, string>) => passkeyPolicyOf(readConfig(environment))
const faults = (environment: Record<string, string>) =>
  settingsFaults(() => readConfig(environment))

t.test(
  'passkeys belong to the page of the application, unless a setting says otherwise',
  async (t) => {
    t.strictSame(policy({}), {
      mode: 'login',
      party: { id: 'localhost', origins: ['http://localhost:3000'] }
    })
    t.strictSame(policy({ AUTH_APP_URL: 'https://App.Example.com/account' }).party, {
      id: 'app.example.com',
      origins: ['https://app.example.com']
    })
    const wider = { AUTH_APP_URL: 'https://app.example.com', AUTH_PASSKEY_RP_ID: 'example.com' }
    t.strictSame(policy(wider).party, { id: 'example.com', origins: ['https://app.example.com'] })
    const android = `android:apk-key-hash:${'A'.repeat(43)}`
    const several = {
      ...wider,
      AUTH_PASSKEY_ORIGINS: `https://example.com:443 https://my.example.com:8443, ${android}`
    }
    t.strictSame(policy(several).party?.origins, [
      'https://example.com',
      'https://my.example.com:8443',
      android
    ])
    t.equal(policy({ AUTH_APP_URL: 'http://127.0.0.1:3000' }).party, null, 'not to an IP address')
  }
)

t.test('a relying party that no browser would accept is refused', async (t) => {
  const id = { AUTH_PASSKEY_RP_ID: 'example.com' }
  for (const AUTH_PASSKEY_RP_ID of [
    'https://example.com',
    'example.com:443',
    '192.0.2.1',
    'com',
    'Example.com'
  ]) {
    t.match(faults({ AUTH_PASSKEY_RP_ID }), [/^AUTH_PASSKEY_RP_ID must be a domain/])
  }
  t.match(faults(id), [/^AUTH_PASSKEY_ORIGINS must be set: the host of AUTH_APP_URL/])
  for (const [origin, why] of Object.entries({
    'https://badexample.com': /entry 1 is not in the domain example.com/,
    'https://example.com.evil.example': /entry 1 is not in the domain example.com/,
    'http://app.example.com': /entry 1 is not https/,
    'https://*.example.com': /entry 1 has a \*/,
    'https://example.com/path': /entry 1 is not scheme:/,
    'app.example.com': /entry 1 is not scheme:/
  })) {
    t.match(faults({ ...id, AUTH_PASSKEY_ORIGINS: origin }), [why], origin)
  }
  const byAddress = { AUTH_APP_URL: 'http://127.0.0.1:3000' }
  t.match(faults({ ...byAddress, AUTH_PASSKEY_ORIGINS: 'http://127.0.0.1:3000' }), [
    /^AUTH_PASSKEY_ORIGINS needs AUTH_PASSKEY_RP_ID/
  ])
})
