import t from 'tap'
import { reachableHosts } from '../../src/signed-post/reachable-hosts.ts'
import { webhookUrlFault } from '../../src/webhooks/webhook-url.ts'
import { nameServer } from '../fixtures/webhooks/name-server.ts'
import { failed, listening, post } from './fixtures/endpoint.ts'

t.test('the address that is checked is the address that gets the connection', async (t) => {
  const url = new URL(await listening(t, (_request, response) => void response.end()))
  const { names, asked } = await nameServer(t, {
    'private.example': ['127.0.0.1'],
    'named.example': ['127.0.0.1'],
    'mixed.example': ['10.0.0.1', '127.0.0.1', '169.254.169.254']
  })
  const at = (host: string) => `http://${host}:${url.port}/`
  const named = reachableHosts(['named.example'], names)
  t.strictSame(await post(at('named.example'), named), { outcome: 'delivered', status: 200 })
  t.strictSame(asked, ['named.example'], 'the name is resolved once')
  const secured = `https://private.example:${url.port}/`
  t.strictSame(await post(secured, named), failed('private-address'))
  t.strictSame(await post(`https://nowhere.example:${url.port}/`, named), failed('unresolvable'))
  const network = reachableHosts(['127.0.0.0/8'], names)
  const found = await new Promise((resolve) => {
    network.lookup('mixed.example', { all: true }, (error, addresses) =>
      resolve([error, addresses])
    )
  })
  t.strictSame(found, [null, [{ address: '127.0.0.1', family: 4 }]], 'only what may be reached')
})

t.test('private addresses are refused in every spelling', async (t) => {
  const strict = reachableHosts([])
  const refused = [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '198.18.0.1',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:a9fe:a9fe]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
    '[fe80::1]',
    '[fec0::1]',
    '[fc00::1]',
    '[fd00:ec2::254]',
    '[ff02::1]',
    '[2001:db8::1]'
  ]
  for (const host of refused) {
    t.match(webhookUrlFault(strict, new URL(`https://${host}/`)), 'private address', host)
    t.match(await post(`https://${host}/`, strict), failed('private-address'))
  }
  for (const host of ['93.184.215.14', '[2606:2800:21f:cb07::1]', 'hooks.example.com']) {
    t.equal(webhookUrlFault(strict, new URL(`https://${host}/`)), null, host)
  }
})

t.test('plain HTTP and credentials are refused, unless the host is named', async (t) => {
  const hosts = reachableHosts(['10.0.0.0/8', 'hooks.internal', 'fd00::/8'])
  const fault = (url: string) => webhookUrlFault(hosts, new URL(url))
  t.match(fault('http://hooks.example.com/'), 'must be an https URL')
  t.match(fault('ftp://hooks.internal/'), 'must be an https URL')
  t.match(fault('https://user:secret@hooks.example.com/'), 'user or a password')
  t.equal(fault('https://11.0.0.1.nip.example/'), null)
  for (const url of [
    'http://hooks.internal/',
    'http://HOOKS.internal./',
    'http://10.1.2.3/',
    'http://[fd00::1]/'
  ]) {
    t.equal(fault(url), null, url)
  }
})
