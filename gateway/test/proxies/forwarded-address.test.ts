import t from 'tap'
import { forwardedAddress } from '../../src/proxies/forwarded-address.ts'

t.test('an address is read in every form that proxies write', async (t) => {
  const forms: Record<string, string> = {
    '203.0.113.7': '203.0.113.7',
    '203.0.113.7:51008': '203.0.113.7',
    '"203.0.113.7:51008"': '203.0.113.7',
    '2001:db8::1': '2001:db8::1',
    '[2001:db8::1]': '2001:db8::1',
    '[2001:db8::1]:443': '2001:db8::1',
    '"[2001:db8::1]:443"': '2001:db8::1',
    'fe80::1%eth0': 'fe80::1',
    '::ffff:203.0.113.7': '203.0.113.7'
  }
  for (const [member, address] of Object.entries(forms)) {
    t.equal(forwardedAddress(member), address, member)
  }
})

t.test('what is no address is none', async (t) => {
  for (const member of [
    ...['', 'unknown', '_hidden', 'localhost', 'client.example', '203.0.113', '203.0.113.256'],
    ...['203.0.113.7:', '203.0.113.7:x', '203.0.113.7:123456', '203.0.113.7 ', '[203.0.113.x]'],
    ...['[2001:db8::1', '2001:db8::1]:443', '"203.0.113.7', 'for=203.0.113.7', '<evil>', '0x7f.1']
  ]) {
    t.equal(forwardedAddress(member), null, member)
  }
})
