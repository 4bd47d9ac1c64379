import { settingsFaults } from '@gatehouse/fixtures/settings-faults'
import { hostFault, httpUrlFault } from '@gatehouse/settings/formats'
import { httpUrl } from '@gatehouse/settings/http-url'
import { readSettings } from '@gatehouse/settings/read-settings'
import t from 'tap'

t.test('an address that is not an http or https URL is refused with its fault', async (t) => {
  const faults: Record<string, RegExp> = {
    'localhost:3001': /does not begin with http/,
    'ftp://a': /does not begin with http/,
    'http:/a': /does not begin with http/,
    'http://': /no host/,
    'http:///a': /no host/,
    'http://a b': /white space/,
    'http://user:sesame@a': /^it contains a user or a password$/,
    'http://a?b': /query or a fragment/,
    'http://a/#': /query or a fragment/,
    'http://a:70000': /host or port/,
    'http://::1:3001': /IPv6 address needs brackets/,
    'http://fe80::1': /IPv6 address needs brackets/,
    'http://[::1': /host or port/,
    'http://$HOST:3001': /^its host has a character that no host has$/
  }
  for (const [text, fault] of Object.entries(faults)) t.match(httpUrlFault(text), fault, text)
  for (const text of ['http://a', 'HTTPS://A.example:1/b/c', 'http://[::1]:3001', 'http://a/']) {
    t.equal(httpUrlFault(text), null, text)
  }
})

t.test('a host with a port, brackets or a scheme is refused with its fault', async (t) => {
  t.match(hostFault('[::1]'), /brackets/)
  t.match(hostFault('a:1'), /port/)
  t.match(hostFault('http://a'), /URL/)
  for (const text of ['::1', '127.0.0.1', 'a.example', '_a-1']) t.equal(hostFault(text), null)
})

t.test('the message about a URL names the setting, the fault and the form', async (t) => {
  const settings = { SOME_URL: httpUrl('http://127.0.0.1') }
  t.strictSame(
    settingsFaults(() => readSettings(settings, { SOME_URL: 'http://user:sesame@a' })),
    [
      'SOME_URL must be an http or https URL without user and password, for example https://auth.example.com; it contains a user or a password'
    ]
  )
})
