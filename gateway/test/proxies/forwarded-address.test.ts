import t from 'tap'
import { forwardedAddress } from '../../src/proxies/forwarded-address.ts'
import { forwardedElements } from '../../src/proxies/forwarded-elements.ts'

t.test('an address is read in every form that proxies write', async (t) => {
  const forms: Record<string, string> = {
    '203.0.113.7': '203.0.113.7',
    '203.0.113.7:51008': '203.0.113.7',
    '203.0.113.7:_gazonk': '203.0.113.7',
    '[2001:db8::1]:_x': '2001:db8::1',
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

t.test('a text that is not an address is read as no address', async (t) => {
  for (const member of [
    '',
    'unknown',
    '_hidden',
    'localhost',
    'client.example',
    '203.0.113',
    '203.0.113.256',
    '203.0.113.7:',
    '203.0.113.7:x',
    '203.0.113.7:123456',
    '203.0.113.7 ',
    '[203.0.113.x]',
    '[2001:db8::1',
    '2001:db8::1]:443',
    '"203.0.113.7',
    'for=203.0.113.7',
    '<evil>',
    '0x7f.1'
  ]) {
    t.equal(forwardedAddress(member), null, member)
  }
})

t.test('the elements of Forwarded are read as RFC 7239 writes them', async (t) => {
  const read = (header: string) => forwardedElements(header)?.map((one) => Object.fromEntries(one))
  t.strictSame(read('for="_gazonk"'), [{ for: '_gazonk' }])
  t.strictSame(read('For="[2001:db8:cafe::17]:4711"'), [{ for: '[2001:db8:cafe::17]:4711' }])
  t.strictSame(read('for=192.0.2.60;proto=http;by=203.0.113.43'), [
    { for: '192.0.2.60', proto: 'http', by: '203.0.113.43' }
  ])
  t.strictSame(read('for=192.0.2.43, for=198.51.100.17'), [
    { for: '192.0.2.43' },
    { for: '198.51.100.17' }
  ])
  t.strictSame(read('host="a,b;c=d\\"e" ;proto=https;,, for=unknown;'), [
    { host: 'a,b;c=d"e', proto: 'https' },
    { for: 'unknown' }
  ])
  t.strictSame(read('host=shop.example:8443;for=[::1]:5'), [
    { host: 'shop.example:8443', for: '[::1]:5' }
  ])
  t.strictSame(read(''), [])
})

t.test('a malformed Forwarded header is ignored completely', async (t) => {
  const hostile = [
    'for="evil',
    'for="evil, for=203.0.113.7',
    'for=evil", for="203.0.113.7',
    'for=a"b,c"',
    'for="evil\\", for=203.0.113.7',
    'for',
    'for=',
    '=x',
    'for =x',
    'for= x',
    'for=a b',
    'for=1.2.3.4;for=5.6.7.8',
    'for=1.2.3.4;FOR=5.6.7.8',
    'for==x',
    'for=x/y',
    'for=<x>',
    'for=x,=',
    'f"o"r=x',
    'for="x"y',
    'for=\u00e9',
    '"',
    'for=1.2.3.4, "'
  ]
  for (const header of hostile) t.equal(forwardedElements(header), null, header)
  const wide = `for=1.2.3.4${' '.repeat(16_000)}x, ${'"'.repeat(15_999)}`
  t.equal(forwardedElements(wide), null, 'in one pass')
})
