import { settingsFaults } from '@gatehouse/fixtures/settings-faults'
import t from 'tap'
import { readConfig } from '../src/config.ts'

const faults = (environment: Record<string, string>) =>
  settingsFaults(() => readConfig(environment))

t.test('a misspelt setting is a fault, and any other unknown one a warning', async (t) => {
  const misspelt: Record<string, string> = {
    GATEWAY_UPSTREAM_TIMEOUT_SECOND: 'GATEWAY_UPSTREAM_TIMEOUT_SECONDS',
    GATEWAY_TRUSTED_PROXY: 'GATEWAY_TRUSTED_PROXIES',
    GATEWAY_TLS_CERTFILE: 'GATEWAY_TLS_CERT_FILE',
    gateway_port: 'GATEWAY_PORT',
    TOKEN_ISUSER: 'TOKEN_ISSUER',
    ALLOWED_ORIGIN: 'ALLOWED_ORIGINS'
  }
  for (const [name, nearest] of Object.entries(misspelt)) {
    t.strictSame(faults({ [name]: 'secret' }), [`${name} is not a setting (nearest: ${nearest})`])
  }
  const ofKubernetes = {
    GATEWAY_SERVICE_HOST: '10.96.0.9',
    GATEWAY_SERVICE_PORT_HTTP: '80',
    GATEWAY_PORT_80_TCP_ADDR: '10.96.0.9'
  }
  const { warnings } = readConfig({ GATEWAY_COLOUR: 'x', REDIS_TLS_URL: 'x', ...ofKubernetes })
  t.strictSame(warnings, ['GATEWAY_COLOUR is not a setting', 'REDIS_TLS_URL is not a setting'])
})

t.test('a name that differs from a setting in one letter of its prefix is a warning', async (t) => {
  const near = {
    RDIS_URL: 'REDIS_URL',
    LOGLEVEL: 'LOG_LEVEL',
    DRAIN_SECOND: 'DRAIN_SECONDS',
    OTEL_EXPORTER_OTLP_ENDPOINTS: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    GATEWAY_REDIS_URL: 'REDIS_URL'
  }
  for (const [name, nearest] of Object.entries(near)) {
    const { warnings } = readConfig({ [name]: 'secret' })
    t.strictSame(warnings, [`${name} is not a setting (nearest: ${nearest})`])
  }
  const others = { LOG_LEVELS_OF_OTHERS: 'x', HOME: 'x', PORT: '1' }
  t.strictSame(readConfig(others).warnings, [])
})

t.test('names of the ops listener are names of hosts', async (t) => {
  const of = (GATEWAY_OPS_HOSTS: string) => faults({ GATEWAY_OPS_HOSTS })
  t.strictSame(of('gateway.prod.svc, gateway.prod.svc.cluster.local'), [])
  const must = 'GATEWAY_OPS_HOSTS must be a list of names of hosts, without ports, separated by'
  t.match(of('http://gateway.prod.svc'), [`${must} spaces or commas; entry 1: it is a URL`])
  t.match(of('a.b gateway.prod.svc:3900'), [`${must} spaces or commas; entry 2: it has a port`])
})
