import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { authority } from '@gatehouse/fixtures/certificates'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { settingsFaults } from '@gatehouse/fixtures/settings-faults'
import t from 'tap'
import { gatewaySettings, readConfig } from '../src/config.ts'

const faults = (environment: Record<string, string>) =>
  settingsFaults(() => readConfig(environment))

t.test('without settings the gateway has the documented defaults', async (t) => {
  t.match(readConfig({}), {
    GATEWAY_HOST: '127.0.0.1',
    GATEWAY_PORT: 3000,
    GATEWAY_OPS_HOST: '127.0.0.1',
    GATEWAY_OPS_PORT: 3900,
    GATEWAY_ROUTES: 'gateway/routes.yaml',
    GATEWAY_TRUSTED_PROXIES: '',
    GATEWAY_UPSTREAM_TIMEOUT_SECONDS: 30,
    ALLOWED_ORIGINS: '',
    table: { routes: Array }
  })
})

t.test('a route table that the pages for users do not obey is a warning', async (t) => {
  const GATEWAY_ROUTES = join(dataFolder(t), 'routes.yaml')
  writeFileSync(GATEWAY_ROUTES, readFileSync('gateway/routes.yaml', 'utf8').replaceAll('900', '60'))
  const { warnings } = readConfig({ GATEWAY_ROUTES })
  t.match(warnings[0], /^GATEWAY_ROUTES: route auth-email requires a login of at most 60 s/)
  t.strictSame(readConfig({ GATEWAY_ROUTES, AUTH_PAGES_RECENT_SECONDS: '60' }).warnings, [])
})

t.test('all faults of the settings are reported at once', async (t) => {
  const told = faults({
    GATEWAY_PORT: '70000',
    GATEWAY_UPSTREAM_TIMEOUT_SECONDS: '0',
    LOG_LEVEL: 'loud',
    GATEWAY_TOKEN_CACHE_BYTES: '1',
    GATEWAY_JWKS_URL: 'file:///etc/passwd',
    GATEWAY_WORKERS: 'many',
    // Faults that no schema finds
    ALLOWED_ORIGINS: '*',
    GATEWAY_ISSUERS_FILE: 'nowhere.yaml',
    GATEWAY_ROUTES: 'nowhere.yaml'
  })
  t.strictSame(told.map((fault) => fault.split(/[ :]/)[0]).sort(), [
    'ALLOWED_ORIGINS',
    'GATEWAY_ISSUERS_FILE',
    'GATEWAY_JWKS_URL',
    'GATEWAY_PORT',
    'GATEWAY_ROUTES',
    'GATEWAY_TOKEN_CACHE_BYTES',
    'GATEWAY_UPSTREAM_TIMEOUT_SECONDS',
    'GATEWAY_WORKERS',
    'LOG_LEVEL'
  ])
})

t.test('whatever a setting contains, its fault is reported and nothing else fails', async (t) => {
  const NODE_ENV = 'production'
  for (const name of Object.keys(gatewaySettings)) {
    for (const value of ['no such value', '-1', 'http://[']) {
      const given = { NODE_ENV, GATEWAY_ROUTES: 'nowhere.yaml', [name]: value }
      t.doesNotThrow(() => faults(given), `${name}=${value}`)
    }
  }
})

t.test('a range of all addresses is not accepted as trusted proxies', async (t) => {
  const wide = [
    '0.0.0.0/0',
    '::/0',
    '10.0.0.1, 0.0.0.0/0',
    '10.0.0.1 ::/0',
    '0.0.0.0/1, 128.0.0.0/1',
    '8.0.0.0/7',
    '2000::/3',
    '::/1 8000::/1',
    '::ffff:0:0/6',
    'true',
    '*',
    'loopback',
    'proxy.example',
    '10.0.0.0/',
    '10.0.0.0/x',
    '10.0.0.0/33',
    '10.0.0.0/8/8'
  ]
  for (const proxies of wide) {
    t.match(
      faults({ GATEWAY_TRUSTED_PROXIES: proxies }),
      [/^GATEWAY_TRUSTED_PROXIES must be a list of addresses and ranges/],
      proxies
    )
  }
  t.strictSame(faults({ GATEWAY_TRUSTED_PROXIES: '10.0.0.0/8, 192.168.0.1 ::1 fc00::/7' }), [])
  const proxyProtocol = { GATEWAY_PROXY_PROTOCOL: 'required' }
  t.match(faults(proxyProtocol), [/^GATEWAY_PROXY_PROTOCOL=required needs GATEWAY_TRUSTED_PROXIES/])
  t.strictSame(faults({ ...proxyProtocol, GATEWAY_TRUSTED_PROXIES: '10.0.0.1' }), [])
  const verify = { GATEWAY_VERIFY_PORT: '3100' }
  t.match(faults(verify), [/^GATEWAY_VERIFY_PORT needs GATEWAY_TRUSTED_PROXIES/])
  t.strictSame(faults({ ...verify, GATEWAY_TRUSTED_PROXIES: '10.0.0.1' }), [])
})

t.test('GATEWAY_PROXY_HEADERS takes one kind of headers, which must name the client', async (t) => {
  const refused = [
    'for',
    'x-forwarded-host',
    'x-forwarded-for x-forwarded-server',
    'x-forwarded forwarded',
    'forwarded x-forwarded-for',
    'x-forwarded x-forwarded-host'
  ]
  for (const headers of refused) {
    const told = faults({ GATEWAY_PROXY_HEADERS: headers })
    t.match(told, [/^GATEWAY_PROXY_HEADERS must be forwarded, x-forwarded, or a list/], headers)
  }
  for (const headers of ['', 'forwarded', 'x-forwarded', 'X-Forwarded-Port x-forwarded-for']) {
    t.strictSame(faults({ GATEWAY_PROXY_HEADERS: headers }), [], headers)
  }
})

t.test(
  'in production, tokens never travel over plain HTTP, and an unset issuer is a warning',
  async (t) => {
    const production = { NODE_ENV: 'production' }
    t.match(faults(production), [/must be set in production: plain HTTP would expose every token/])
    t.strictSame(faults({ ...production, GATEWAY_TRUSTED_PROXIES: '10.0.0.1' }), [])
    t.match(
      faults({ ...production, GATEWAY_TRUSTED_PROXIES: ',' }),
      [/plain HTTP/],
      'nobody is no proxy'
    )
    const { cert, key } = await (await authority(t)).issue('localhost')
    const tls = { GATEWAY_TLS_CERT_FILE: cert, GATEWAY_TLS_KEY_FILE: key }
    t.strictSame(faults({ ...production, ...tls }), [])
    const proxied = { ...production, GATEWAY_TRUSTED_PROXIES: '10.0.0.1' }
    t.match(readConfig(proxied).warnings, [/^TOKEN_ISSUER is not set: only tokens of http:/])
    t.strictSame(readConfig({ ...proxied, TOKEN_ISSUER: 'https://a.example' }).warnings, [])
    t.strictSame(
      faults({ ...tls, GATEWAY_TLS_KEY_FILE: '/none', GATEWAY_OPS_TLS_CERT_FILE: cert }),
      [
        'GATEWAY_TLS_KEY_FILE: cannot read /none: no such file or folder',
        'GATEWAY_OPS_TLS_CERT_FILE and GATEWAY_OPS_TLS_KEY_FILE must be set together'
      ]
    )
    t.match(faults({ GATEWAY_TLS_CERT_FILE: 'cert.pem' }), [/must be set together/])
    t.match(faults({ GATEWAY_TLS_KEY_FILE: 'key.pem' }), [/must be set together/])
  }
)

t.test('a route table that cannot be used is a fault like any other', async (t) => {
  t.strictSame(faults({ GATEWAY_ROUTES: 'nowhere.yaml' }), [
    `GATEWAY_ROUTES: cannot read nowhere.yaml in ${process.cwd()}: no such file or folder`
  ])
  t.strictSame(faults({ GATEWAY_ROUTES: 'gateway', GATEWAY_ISSUERS_FILE: 'docs' }), [
    `GATEWAY_ROUTES: cannot read gateway in ${process.cwd()}: it is a folder`,
    `GATEWAY_ISSUERS_FILE: cannot read docs in ${process.cwd()}: it is a folder`
  ])
  const [first = ''] = faults({ GATEWAY_ROUTES: 'package.json' })
  t.match(first, /^GATEWAY_ROUTES: package\.json:1:1: upstreams is missing$/)
})

t.test('each mistake in a setting is one line: its name, and what is allowed', async (t) => {
  const lines: [name: string, value: string, line: string][] = [
    ['GATEWAY_PORT', '70000', 'GATEWAY_PORT must be a whole number from 0 to 65535'],
    ['GATEWAY_PORT', '-1', 'GATEWAY_PORT must be a whole number from 0 to 65535'],
    ['GATEWAY_PORT', '0x10', 'GATEWAY_PORT must be a whole number from 0 to 65535'],
    ['GATEWAY_PORT', '1e3', 'GATEWAY_PORT must be a whole number from 0 to 65535'],
    ['GATEWAY_PORT', '3000.5', 'GATEWAY_PORT must be a whole number from 0 to 65535'],
    [
      'GATEWAY_KEEPALIVE_SECONDS',
      '65s',
      'GATEWAY_KEEPALIVE_SECONDS must be a whole number of 1 or more'
    ],
    ['GATEWAY_CORS_CREDENTIALS', 'yes', 'GATEWAY_CORS_CREDENTIALS must be true or false'],
    [
      'NODE_ENV',
      'prod',
      'NODE_ENV must be one of development, production, test (nearest: production)'
    ],
    [
      'LOG_LEVEL',
      'loud',
      'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent'
    ],
    [
      'LOG_LEVEL',
      'INFO',
      'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent (nearest: info)'
    ],
    [
      'GATEWAY_HOST',
      'localhost:3000',
      'GATEWAY_HOST must be an IP address or the name of a host, without a port; it has a port or a character that no host has'
    ],
    [
      'GATEWAY_HOST',
      '[::1]',
      'GATEWAY_HOST must be an IP address or the name of a host, without a port; it has brackets'
    ]
  ]
  for (const [name, value, line] of lines) t.strictSame(faults({ [name]: value }), [line], value)
  const urlFaults = {
    'auth.example.com': 'it does not begin with http:// or https://',
    'https://u:p@a': 'it contains a user or a password',
    'http://a:70000': 'its host or port is not valid',
    'http://a?b': 'it has a query or a fragment'
  }
  for (const [value, fault] of Object.entries(urlFaults)) {
    const line = `must be an http or https URL without user and password, for example https://auth.example.com; ${fault}`
    t.strictSame(faults({ TOKEN_ISSUER: value }), [`TOKEN_ISSUER ${line}`], value)
    t.strictSame(faults({ GATEWAY_JWKS_URL: value }), [`GATEWAY_JWKS_URL ${line}`], value)
  }
  t.match(faults({ DRAIN_SECONDS: '26' }), [/^DRAIN_SECONDS must be at most 25 /])
  t.match(faults({ GATEWAY_PORT: 'tcp://10.96.0.9:80' }), [
    /from 0 to 65535; Kubernetes sets this variable/
  ])
  t.equal(readConfig({ GATEWAY_PORT: ' 3005\r' }).GATEWAY_PORT, 3005, 'white space around it')
})
