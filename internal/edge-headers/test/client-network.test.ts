import t from 'tap'
import { clientNetwork, clientSite } from '../src/client-network.ts'

t.test('an address of IPv6 counts as its /64, and one of IPv4 as itself', async (t) => {
  t.equal(clientNetwork('192.0.2.7'), '192.0.2.7')
  const one = clientNetwork('2001:db8:0:1::1')
  t.equal(clientNetwork('2001:DB8::1:ffff:ffff:ffff:ffff'), one)
  t.equal(clientNetwork('2001:db8:0:1::1'), one, 'remembered')
  t.not(clientNetwork('2001:db8:0:2::1'), one)
  t.equal(clientNetwork('::ffff:192.0.2.7'), '192.0.2.7', 'an address of IPv4 at a socket of IPv6')
  t.equal(clientNetwork('::ffff:c000:207'), '192.0.2.7', 'written in hexadecimal')
  t.equal(clientNetwork('fe80::1:2:3:4%eth0'), 'fe80::', 'with a zone')
  t.equal(clientNetwork('unix:'), 'unix:', 'what is no address stays as it is')
  t.equal(clientSite('2001:db8:7:8::9'), '2001:db8:7::')
  t.equal(clientSite('192.0.2.7'), '192.0.2.7')
})
