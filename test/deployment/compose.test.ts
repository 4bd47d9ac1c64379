import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { authSettings, readConfig as readAuth } from '@gatehouse/auth/config'
import { echoSettings, readConfig as readEcho } from '@gatehouse/echo/config'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { gatewaySettings, readConfig as readGateway } from '@gatehouse/gateway/config'
import { readRouteTable } from '@gatehouse/gateway/routes/load-route-table'
import { ordersSettings, readConfig as readOrders } from '@gatehouse/orders/config'
import t from 'tap'
import { parse } from 'yaml'
import { read, root } from '../rules/fixtures/source-files.ts'

/** the folder in which Docker mounts secrets */
const MOUNT = '/run/secrets/'

type Service = {
  ports?: string[]
  profiles?: string[]
  mem_limit?: string
  cpus?: string | number
  pids_limit?: number
  environment?: Record<string, string>
  secrets?: string[]
  networks?: string[] | Record<string, { aliases?: string[] } | null>
}
type Compose = { services: Record<string, Service>; secrets?: Record<string, { file: string }> }

const readCompose = (file: string) => parse(read(file), { merge: true }) as Compose
const { services } = readCompose('docker-compose.yml')
const inFiles = readCompose('infra/docker/secrets.yml')
const settingsOf = {
  auth: authSettings,
  echo: echoSettings,
  gateway: gatewaySettings,
  orders: ordersSettings
}

/**
 * Fixed in the image or the network, or a secret in a file, which infra/docker/secrets.yml passes.
 */
const notPassed =
  /_PORT$|_PASSWORD$|(?:_URL|_PASSWORD|_REFRESH_KEYS|_ENCRYPTION_KEY|_TOKEN|_SECRET)_FILE$|^GATEHOUSE_DATA_DIR$/

t.test('a container gets every setting of its service', async (t) => {
  for (const [service, settings] of Object.entries(settingsOf)) {
    const passed = Object.keys(services[service]?.environment ?? {})
    const missing = Object.keys(settings).filter(
      (name) => !notPassed.test(name) && !passed.includes(name)
    )
    t.strictSame(missing, [], service)
  }
})

t.test('a service behind the gateway reaches no store', async (t) => {
  const networksOf = ({ networks = [] }: Service) =>
    Array.isArray(networks) ? networks : Object.keys(networks)
  const on = (network: string) =>
    Object.keys(services).filter((name) => networksOf(services[name] ?? {}).includes(network))
  t.strictSame(on('edge').sort(), ['gateway', 'gateway-2', 'prometheus'])
  const behind = on('inside').filter((name) => !/^(gateway|prometheus)/.test(name))
  t.strictSame(behind.sort(), ['echo', 'orders'])
  for (const name of behind) t.strictSame(networksOf(services[name] ?? {}), ['inside'], name)
  for (const name of ['auth', 'redis', 'postgres', 'sentinel-1']) {
    t.strictSame(networksOf(services[name] ?? {}), ['stores'], name)
  }
})

t.test('a container gets only settings that its service reads', async (t) => {
  const routes = [...read('gateway/routes.yaml').matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name)
  for (const [service, settings] of Object.entries(settingsOf)) {
    const known = [...Object.keys(settings), ...(service === 'gateway' ? routes : [])]
    const unknown = Object.keys(services[service]?.environment ?? {}).filter(
      (name) => !known.includes(name)
    )
    t.strictSame(unknown, [], service)
  }
})

/** The environment as Compose completes it, if only these variables are set. */
function filled(environment: Record<string, string>, variables: NodeJS.Dict<string>) {
  const fill = (value: string) =>
    value.replaceAll(
      /\$\{(\w+):-([^}]*)\}/g,
      (_, name: string, otherwise: string) => variables[name] || otherwise
    )
  const entries = Object.entries(environment).map(([name, value]) => [name, fill(String(value))])
  return Object.fromEntries(entries) as Record<string, string>
}

t.test('with infra/docker/secrets.yml, a container gets its secrets as files only', async (t) => {
  const folder = join(dataFolder(t), 'secrets')
  const make = () => execFileSync(join(root, 'infra/docker/make-secrets'), [folder]).toString()
  const made = Object.keys(inFiles.secrets ?? {}).sort()
  t.match(make(), `made ${folder}`)
  t.strictSame(readdirSync(folder).sort(), made, 'make-secrets makes each of them')
  t.equal(make(), '', 'once')
  chmodSync(folder, 0o755)
  t.throws(make, /others can open .*; run chmod 700 /, 'not in a folder that others can open')
  const readers = { auth: readAuth, gateway: readGateway }
  const forTwo = parseEnv(read('infra/docker/ha.env'))
  for (const [name, readConfig] of Object.entries(readers)) {
    const { environment: changes = {}, secrets = [] } = inFiles.services[name] ?? {}
    for (const [of, variables] of Object.entries({ 'one of each': {}, 'two of each': forTwo })) {
      const given = filled({ ...services[name]?.environment, ...changes }, variables)
      const mounted = Object.values(given).filter((value) => value.startsWith(MOUNT))
      const used = mounted.map((path) => path.slice(MOUNT.length))
      const ofSentinels = of === 'one of each' ? ['redis-sentinel-password'] : []
      t.strictSame([...used, ...ofSentinels].sort(), [...secrets].sort(), `${name}, ${of}`)
      const files = Object.entries(given).map(([setting, value]) => [
        setting,
        value.replace(MOUNT, `${folder}/`)
      ])
      const environment: Record<string, string> = Object.fromEntries(files)
      const NODE_ENV = 'production'
      const config = readConfig({ ...environment, NODE_ENV, GATEWAY_TRUSTED_PROXIES: '10.0.0.1' })
      const contents = (secret: string) => readFileSync(join(folder, secret), 'utf8').trim()
      t.equal(config.REDIS_PASSWORD, contents('redis-password'))
      const sentinels = of === 'one of each' ? undefined : contents('redis-sentinel-password')
      t.equal(config.REDIS_SENTINEL_PASSWORD, sentinels)
    }
  }
  const secretsOf = (name: string) => inFiles.services[name]?.secrets
  t.strictSame(secretsOf('auth-2'), secretsOf('auth'))
  t.strictSame(secretsOf('gateway-2'), secretsOf('gateway'))
  t.strictSame(secretsOf('redis-2'), ['redis-password'])
  for (const one of [1, 2, 3]) {
    t.strictSame(secretsOf(`sentinel-${one}`), ['redis-password', 'redis-sentinel-password'])
  }
})

t.test('with infra/docker/tls.yml, every process finds its certificates', async (t) => {
  const folder = join(dataFolder(t), 'tls')
  const { services: secured } = readCompose('infra/docker/tls.yml')
  const names = ['gateway', 'auth', 'orders', 'echo', 'prometheus']
  execFileSync(join(root, 'infra/tls/make-certificates'), [folder, ...names])
  const readers = { auth: readAuth, gateway: readGateway, orders: readOrders, echo: readEcho }
  for (const [name, readConfig] of Object.entries(readers)) {
    const environment = Object.fromEntries(
      Object.entries({ ...services[name]?.environment, ...secured[name]?.environment }).map(
        ([setting, value]) => [
          setting,
          String(value)
            .replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')
            .replaceAll('/run/tls/', `${join(folder, name)}/`)
        ]
      )
    )
    const config: object = readConfig(environment)
    t.match(config, { [`${name.toUpperCase()}_OPS_TLS_CLIENT_CA_FILE`]: /ca\.crt$/ }, name)
    if (!('table' in config)) continue
    const addresses = readGateway(environment).table.routes.map(({ upstream }) => upstream)
    t.ok(addresses.every(({ addresses: [one = ''], tls }) => /^https:/.test(one) && tls !== null))
  }
})

const loopback = /^(?:127\.0\.0\.1|\$\{GATEWAY_PUBLISH_ADDRESS:-127\.0\.0\.1\}):/

t.test(
  'only the gateway publishes a port; ports of a profile are for this machine only',
  async (t) => {
    const publishing = Object.entries(services).filter(([, { ports }]) => ports !== undefined)
    const always = publishing.filter(([, { profiles }]) => profiles === undefined)
    t.strictSame(
      always.map(([name]) => name),
      ['gateway']
    )
    for (const [name, { profiles, ports = [] }] of publishing) {
      if (profiles !== undefined) t.match(ports, [loopback], name)
    }
  }
)

t.test('every container has limits of memory, cores and processes', async (t) => {
  for (const [name, { mem_limit, cpus, pids_limit }] of Object.entries(services)) {
    t.ok(mem_limit && cpus && pids_limit, name)
  }
})

t.test('Prometheus finds both gateways and both auth services by one name', async (t) => {
  const aliasesOf = (name: string, network: string): readonly string[] => {
    const { networks = [] } = services[name] ?? {}
    return Array.isArray(networks) ? [] : (networks[network]?.aliases ?? [])
  }
  const seen = services.prometheus?.networks
  if (!Array.isArray(seen)) throw new Error('Prometheus has no list of networks')
  for (const [first, second] of [
    ['gateway', 'gateway-2'],
    ['auth', 'auth-2']
  ] as const) {
    const { networks = {} } = services[second] ?? {}
    // Docker resolves the name in one of the networks only.
    for (const network of Object.keys(networks).filter((one) => seen.includes(one))) {
      t.ok(aliasesOf(second, network).includes(first), `${second} on ${network}`)
    }
  }
})

t.test('infra/docker/ha.env makes two of each, which find each other', async (t) => {
  const added = Object.keys(services).filter((name) => services[name]?.profiles?.includes('ha'))
  const expected = ['auth-2', 'gateway-2', 'redis-2', 'sentinel-1', 'sentinel-2', 'sentinel-3']
  t.strictSame(added, expected)
  const variables = parseEnv(read('infra/docker/ha.env'))
  t.equal(variables.COMPOSE_PROFILES, 'ha')
  const AUTH_URL = variables.GATEHOUSE_AUTH_ADDRESSES
  const table = readRouteTable(read('gateway/routes.yaml'), { AUTH_URL })
  const auth = table.routes.find(({ name }) => name === 'auth')
  t.strictSame(auth?.upstream.addresses, ['http://auth-1:3001', 'http://auth-2:3001'])
  const REDIS_URL = variables.GATEHOUSE_REDIS_URL
  t.equal(readGateway({ REDIS_URL }).REDIS_URL, REDIS_URL)
  const overlays = ['infra/docker/tls.yml', 'infra/docker/secrets.yml'].map(read)
  const composed = [read('docker-compose.yml'), ...overlays].join('\n')
  const used = [...composed.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => name)
  const names = Object.keys(variables).filter((name) => name !== 'COMPOSE_PROFILES')
  const unused = names.filter((name) => !used.includes(name))
  t.strictSame(unused, [], 'no variable is without use')
})
