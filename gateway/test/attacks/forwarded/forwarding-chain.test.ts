import t from 'tap'
import { type EdgeOptions, edge } from '../../fixtures/edge.ts'
import { head, provoke } from '../fixtures/raw-request.ts'

/** Proxies that write all of `x-forwarded-*`. */
const PROXIES: EdgeOptions = {
  trustedProxies: ['127.0.0.1', '10.0.0.0/8'],
  proxyHeaders: 'x-forwarded'
}

t.test(
  'the gateway believes a trusted proxy, and appends the address of the peer to its chain',
  async (t) => {
    const gateway = await edge(t, PROXIES)
    const lines = [
      'X-Forwarded-For: 198.51.100.1, 203.0.113.7, 10.0.0.2',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: shop.example'
    ]
    const { received } = await provoke(gateway, head('GET /open HTTP/1.1', ...lines))
    t.match(received[0]?.headers, {
      // The client itself wrote the addresses before its own.
      'x-forwarded-for': '203.0.113.7, 10.0.0.2, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop.example'
    })
    const odd = ['X-Forwarded-For: 203.0.113.7", <evil>, 10.0.0.2']
    const passed = await provoke(gateway, head('GET /open HTTP/1.1', ...odd))
    t.match(passed.received[0]?.headers, { 'x-forwarded-for': '10.0.0.2, 127.0.0.1' })
    const silent = await provoke(gateway, head('GET /open HTTP/1.1'))
    t.match(silent.received[0]?.headers, {
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'gateway.example'
    })
  }
)

t.test('no member of a chain of proxies counts as written by the client', async (t) => {
  const gateway = await edge(t, PROXIES)
  const told = async (...lines: string[]) => {
    const { received } = await provoke(gateway, head('GET /open HTTP/1.1', ...lines))
    const { headers = {} } = received[0] ?? {}
    return ['for', 'proto', 'host'].map((name) => headers[`x-forwarded-${name}`])
  }
  const chain = 'X-Forwarded-For: 203.0.113.7, 10.0.0.2'
  const addresses = '203.0.113.7, 10.0.0.2, 127.0.0.1'
  const own = 'gateway.example'
  const cases: [title: string, lines: string[], told: string[]][] = [
    ['TLS ends at the first', [chain, 'X-Forwarded-Proto: https, http'], [addresses, 'https', own]],
    ['TLS between the two', [chain, 'X-Forwarded-Proto: http, https'], [addresses, 'http', own]],
    [
      'a client says https',
      [chain, 'X-Forwarded-Proto: https, http, http'],
      [addresses, 'http', own]
    ],
    [
      'in lines of their own',
      [chain, 'X-Forwarded-Proto: https', 'X-Forwarded-Proto: http'],
      [addresses, 'https', own]
    ],
    ['one proxy says it for both', [chain, 'X-Forwarded-Proto: https'], [addresses, 'https', own]],
    ['the scheme of a WebSocket', [chain, 'X-Forwarded-Proto: WSS'], [addresses, 'https', own]],
    ['an unknown scheme', [chain, 'X-Forwarded-Proto: gopher'], [addresses, 'http', own]],
    [
      'two hosts',
      [chain, 'X-Forwarded-Host: shop.example, inner:8080'],
      [addresses, 'http', 'shop.example']
    ],
    [
      'a client says a host',
      [chain, 'X-Forwarded-Host: evil, shop.example, inner'],
      [addresses, 'http', 'shop.example']
    ],
    [
      'a host with invalid characters',
      [chain, 'X-Forwarded-Host: <evil>'],
      [addresses, 'http', own]
    ],
    [
      'ports',
      ['X-Forwarded-For: 9.9.9.9, [2001:db8::1]:443, 10.0.0.2:80'],
      ['2001:db8::1, 10.0.0.2, 127.0.0.1', 'http', own]
    ],
    ['only proxies', ['X-Forwarded-For: 10.0.0.9'], ['10.0.0.9, 127.0.0.1', 'http', own]],
    [
      'a client without an address',
      ['X-Forwarded-For: unknown, 10.0.0.2'],
      ['10.0.0.2, 127.0.0.1', 'http', own]
    ],
    [
      'a client that names itself',
      ['X-Forwarded-For: 198.51.100.1, _x'],
      ['127.0.0.1', 'http', own]
    ]
  ]
  for (const [title, lines, expected] of cases) t.strictSame(await told(...lines), expected, title)
})

t.test(
  'the Forwarded header of trusted proxies is read at the same hop, and no service gets it',
  async (t) => {
    const gateway = await edge(t, { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] })
    const own = 'gateway.example'
    const chain = '203.0.113.7, 10.0.0.2, 127.0.0.1'
    const cases: [title: string, header: string, told: string[]][] = [
      [
        'one proxy',
        'for=203.0.113.7;proto=https;host=shop.example',
        ['203.0.113.7, 127.0.0.1', 'https', 'shop.example', '443']
      ],
      [
        'two proxies, and a client before them',
        'for=1.1.1.1;host=evil;proto=https, for=203.0.113.7;host=shop.example:8443, for=10.0.0.2;proto=https',
        [chain, 'https', 'shop.example:8443', '8443']
      ],
      [
        'quoted, with ports and in brackets',
        'for="[2001:db8::1]:4711";proto="https";host="shop.example", for="10.0.0.2:80"',
        ['2001:db8::1, 10.0.0.2, 127.0.0.1', 'https', 'shop.example', '443']
      ],
      [
        'a client that its proxy does not name',
        'for=_hidden;proto=https;host=shop.example, for=10.0.0.2',
        ['10.0.0.2, 127.0.0.1', 'https', 'shop.example', '443']
      ],
      ['unknown', 'for=1.1.1.1, for=unknown', ['127.0.0.1', 'http', own, '80']],
      ['no address', 'for=1.1.1.1, proto=https', ['127.0.0.1', 'https', own, '443']],
      ['IPv6 without brackets', 'for="2001:db8::1:443"', ['127.0.0.1', 'http', own, '80']],
      [
        'a host with invalid characters',
        'for=203.0.113.7;host="<evil>"',
        ['203.0.113.7, 127.0.0.1', 'http', own, '80']
      ],
      [
        'an open quote',
        'for=1.1.1.1;host="evil, for=203.0.113.7;proto=https',
        ['127.0.0.1', 'http', own, '80']
      ]
    ]
    const names = ['for', 'proto', 'host', 'port'].map((name) => `x-forwarded-${name}`)
    for (const [title, header, told] of cases) {
      const bytes = head('GET /open HTTP/1.1', `Forwarded: ${header}`)
      const { received } = await provoke(gateway, bytes)
      const { headers = {} } = received[0] ?? {}
      t.strictSame(
        names.map((name) => headers[name]),
        told,
        title
      )
      t.notOk('forwarded' in headers, title)
    }
    const untrusted = await edge(t)
    const bytes = head('GET /open HTTP/1.1', 'Forwarded: for=1.1.1.1;host=evil')
    t.match((await provoke(untrusted, bytes)).received[0]?.headers, {
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': own
    })
  }
)

t.test('the port comes from a trusted proxy, from the host, or from the scheme', async (t) => {
  const gateway = await edge(t, PROXIES)
  const chain = 'X-Forwarded-For: 203.0.113.7, 10.0.0.2'
  const portFor = async (...lines: string[]) => {
    const { received } = await provoke(gateway, head('GET /open HTTP/1.1', ...lines))
    return received[0]?.headers['x-forwarded-port']
  }
  t.equal(await portFor('X-Forwarded-Port: 8443'), '8443')
  t.equal(await portFor(chain, 'X-Forwarded-Port: 1, 8443, 80'), '8443', 'at the hop that counts')
  t.equal(await portFor('X-Forwarded-Host: shop.example:8080'), '8080')
  t.equal(await portFor('X-Forwarded-Proto: https'), '443')
  for (const none of ['0', '65536', '-1', '80x', '<evil>', '']) {
    t.equal(await portFor(`X-Forwarded-Port: ${none}`), '80', none)
  }
  const untrusted = await edge(t)
  const { received } = await provoke(untrusted, head('GET /open HTTP/1.1', 'X-Forwarded-Port: 1'))
  t.equal(received[0]?.headers['x-forwarded-port'], '80')
})
