import t from 'tap'
import { hostsOf, isHost, isOneOf } from '../../src/paths/host.ts'

t.test('a text longer than a host name with its port is not a host', async (t) => {
  const name = `${'a.'.repeat(126)}a.`
  t.ok(isHost(`${name}:65535`))
  t.notOk(isHost(`${name}a:65535`))
  t.notOk(isHost(`xn--${'a'.repeat(8000)}`))
})

t.test('hosts are compared by their names', async (t) => {
  const hosts = hostsOf(['API.example.com', 'other.example.', '2001:DB8::1', '192.0.2.7'])
  for (const host of [
    'api.EXAMPLE.com:8443',
    'api.example.com.',
    'other.example',
    '[2001:db8::1]:3000',
    '[2001:db8::1]',
    '192.0.2.7:80'
  ]) {
    t.ok(isOneOf(hosts, host), host)
  }
  for (const host of ['example.com', 'api.example.com..', 'api.example.com.evil.example', '']) {
    t.notOk(isOneOf(hosts, host), host)
  }
  t.ok(isOneOf(hostsOf([]), 'anything'), 'without a list')
})
