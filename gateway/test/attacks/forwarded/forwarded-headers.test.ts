import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { head, provoke } from '../fixtures/raw-request.ts'

/** Headers with which a client claims another source or another target for its request. */
const claims = `
  x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port x-forwarded-server
  x-forwarded-prefix x-forwarded-scheme x-forwarded-ssl x-forwarded-uri x-forwarded-method
  x-forwarded-user x-forwarded-email x-forwarded-groups x-forwarded-access-token forwarded
  x-real-ip true-client-ip x-client-ip x-cluster-client-ip cf-connecting-ip
  x-http-method-override x-http-method x-method-override x-original-url x-rewrite-url
  x-original-host x-host x-original-method x-original-uri front-end-https client-ip x-url-scheme
`
  .trim()
  .split(/\s+/)

const trustedProxies = ['127.0.0.1', '10.0.0.0/8']

const spellingsOf = (name: string) => [
  name,
  name.toUpperCase(),
  name.replaceAll('-', '_'),
  name.replaceAll('-', '.')
]

t.test(
  'forwarding headers of an untrusted peer never reach a service, in any spelling',
  async (t) => {
    const gateway = await edge(t)
    for (const spelling of claims.flatMap(spellingsOf)) {
      // Longer than any match that a signature contains by chance.
      const lines = [`${spelling}: evil.example`, `Authorization: Bearer ${gateway.token()}`]
      for (const path of ['/open', '/closed']) {
        const { statuses, received } = await provoke(
          gateway,
          head(`POST ${path} HTTP/1.1`, ...lines, 'Content-Length: 0')
        )
        t.strictSame(statuses, [200], spelling)
        t.match(
          received,
          [{ method: 'POST', target: path }],
          `${spelling}: method and target do not change`
        )
        t.notMatch(received[0]?.rawHeaders.join('\n'), /evil\.example/, `${spelling} at ${path}`)
      }
    }
  }
)

t.test('a service gets only the gateway’s own forwarding headers', async (t) => {
  const gateway = await edge(t)
  const lines = [
    'X-Forwarded-For: 10.0.0.1',
    'X-Forwarded-For: 10.0.0.2',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil'
  ]
  const { received } = await provoke(gateway, head('GET /open HTTP/1.1', ...lines))
  t.match(received[0]?.headers, {
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'gateway.example'
  })
})

t.test('the gateway reads only the headers that GATEWAY_PROXY_HEADERS names', async (t) => {
  const forwarded = 'Forwarded: for=203.0.113.1;proto=https;host=one.example'
  const xForwarded = [
    'X-Forwarded-For: 203.0.113.2',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: two.example',
    'X-Forwarded-Port: 8443'
  ]
  const both = [forwarded, ...xForwarded]
  const own = ['127.0.0.1', 'http', 'gateway.example', '80']
  const byForwarded = ['203.0.113.1', 'https', 'one.example', '443']
  // A load balancer passes the headers that it does not write on unchanged.
  const cases: Record<string, [lines: string[], told: string[]][]> = {
    '': [
      [both, ['203.0.113.2', 'https', 'gateway.example', '443']],
      [['X-Forwarded-Proto: http', forwarded], own],
      [[forwarded], byForwarded]
    ],
    'x-forwarded': [
      [both, ['203.0.113.2', 'https', 'two.example', '8443']],
      [[forwarded], own]
    ],
    'X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Port': [
      [both, ['203.0.113.2', 'https', 'gateway.example', '8443']],
      [[forwarded], own]
    ],
    'x-forwarded-for x-forwarded-host': [
      [both, ['203.0.113.2', 'http', 'two.example', '80']],
      [['X-Forwarded-For: 203.0.113.2'], ['203.0.113.2', 'http', 'gateway.example', '80']]
    ],
    forwarded: [
      [both, byForwarded],
      [xForwarded, own]
    ]
  }
  for (const [proxyHeaders, told] of Object.entries(cases)) {
    const gateway = await edge(t, { trustedProxies, proxyHeaders })
    for (const [lines, expected] of told) {
      const { received } = await provoke(gateway, head('GET /open HTTP/1.1', ...lines))
      const { headers = {} } = received[0] ?? {}
      const [client] = String(headers['x-forwarded-for']).split(', ')
      const others = ['proto', 'host', 'port'].map((name) => headers[`x-forwarded-${name}`])
      t.strictSame([client, ...others], expected, `${proxyHeaders}: ${lines}`)
    }
  }
})
