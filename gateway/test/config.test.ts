import { SettingsFault } from '@gatehouse/settings/read-settings'
import t from 'tap'
import { readConfig } from '../src/config.ts'

/** The faults of settings; none where they are usable. */
function faults(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    if (error instanceof SettingsFault) return error.faults
    throw error
  }
}

t.test('without settings the gateway has the documented defaults', async (t) => {
  t.match(readConfig({}), {
    ...{ GATEWAY_HOST: '127.0.0.1', GATEWAY_PORT: 3000 },
    ...{ GATEWAY_OPS_HOST: '127.0.0.1', GATEWAY_OPS_PORT: 3900 },
    ...{ GATEWAY_ROUTES: 'gateway/routes.yaml', GATEWAY_TRUSTED_PROXIES: '' },
    ...{ GATEWAY_UPSTREAM_TIMEOUT_SECONDS: 30, ALLOWED_ORIGINS: '' },
    table: { routes: Array }
  })
})

t.test('every fault is told at once', async (t) => {
  const told = faults({
    ...{ GATEWAY_PORT: '70000', GATEWAY_UPSTREAM_TIMEOUT_SECONDS: '0', LOG_LEVEL: 'loud' },
    ...{ GATEWAY_TOKEN_CACHE_BYTES: '1', GATEWAY_JWKS_URL: 'file:///etc/passwd' }
  })
  t.strictSame(told.map((fault) => fault.split(' ')[0]).sort(), [
    ...['GATEWAY_JWKS_URL', 'GATEWAY_PORT', 'GATEWAY_TOKEN_CACHE_BYTES'],
    ...['GATEWAY_UPSTREAM_TIMEOUT_SECONDS', 'LOG_LEVEL']
  ])
})

t.test('nobody is trusted by trusting everybody', async (t) => {
  const wide = [
    ...['0.0.0.0/0', '::/0', '10.0.0.1, 0.0.0.0/0', '10.0.0.1 ::/0', '0.0.0.0/1, 128.0.0.0/1'],
    ...['8.0.0.0/7', '2000::/3', '::/1 8000::/1', '::ffff:0:0/6'],
    ...[
      'true',
      '*',
      'loopback',
      'proxy.example',
      '10.0.0.0/',
      '10.0.0.0/x',
      '10.0.0.0/33',
      '10.0.0.0/8/8'
    ]
  ]
  for (const proxies of wide) {
    t.match(
      faults({ GATEWAY_TRUSTED_PROXIES: proxies }),
      [/^GATEWAY_TRUSTED_PROXIES must be a list of addresses and ranges/],
      proxies
    )
  }
  t.strictSame(faults({ GATEWAY_TRUSTED_PROXIES: '10.0.0.0/8, 192.168.0.1 ::1 fc00::/7' }), [])
})

t.test('in production no token goes in the clear', async (t) => {
  const production = { NODE_ENV: 'production' }
  t.match(faults(production), [/must be set in production: plain HTTP would expose every token/])
  t.strictSame(faults({ ...production, GATEWAY_TRUSTED_PROXIES: '10.0.0.1' }), [])
  t.match(
    faults({ ...production, GATEWAY_TRUSTED_PROXIES: ',' }),
    [/plain HTTP/],
    'nobody is no proxy'
  )
  const tls = { GATEWAY_TLS_CERT_FILE: 'cert.pem', GATEWAY_TLS_KEY_FILE: 'key.pem' }
  t.strictSame(faults({ ...production, ...tls }), [])
  t.match(faults({ GATEWAY_TLS_CERT_FILE: 'cert.pem' }), [/go together/])
  t.match(faults({ GATEWAY_TLS_KEY_FILE: 'key.pem' }), [/go together/])
})

t.test('a route table that cannot be used is a fault like any other', async (t) => {
  t.match(faults({ GATEWAY_ROUTES: 'nowhere.yaml' }), [/^GATEWAY_ROUTES nowhere\.yaml: /])
  t.match(faults({ GATEWAY_ROUTES: 'package.json' }), [/upstreams|routes|route table/])
})
