import t from 'tap'
import { clientNetwork } from '../src/client-network.ts'

const networks: Record<string, string> = {
  '192.0.2.7': '192.0.2.7',
  '::ffff:192.0.2.7': '192.0.2.7',
  '::FFFF:192.0.2.7': '192.0.2.7',
  '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
  '2001:0DB8:0001:0002::1': '2001:db8:1:2::/64',
  '2001:db8::1': '2001:db8:0:0::/64',
  '2001:db8:0:0:ffff::': '2001:db8:0:0::/64',
  '2001:db8:1::2:3:4:5': '2001:db8:1:0::/64',
  '::1': '0:0:0:0::/64',
  '::': '0:0:0:0::/64',
  'fe80::1%eth0': 'fe80:0:0:0::/64',
  '64:ff9b::192.0.2.33': '64:ff9b:0:0::/64',
  '1:2:3:4:5:6:192.0.2.33': '1:2:3:4::/64',
  unknown: 'unknown',
  '': 'unknown',
  '192.0.2.7:80': 'unknown',
  '<script>': 'unknown'
}

t.test('an address is counted for the network of one customer', async (t) => {
  for (const [address, network] of Object.entries(networks)) {
    t.equal(clientNetwork(address), network, address)
  }
})
