import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as auth from '@gatehouse/auth/testing/stores/needed-rights'
import { client, eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { serviceProcess } from '@gatehouse/fixtures/service-process'
import * as gateway from '@gatehouse/gateway/testing/redis/needed-rights'
import type { NeededRights } from '@gatehouse/redis/missing-rights'
import { freePort } from '@gatehouse/start/free-port'
import t, { type Test } from 'tap'
import { read, root } from '../rules/fixtures/source-files.ts'

const LONG_MS = 20_000
const PREFIX = 'one:'
const [email, password] = ['ada@example.com', 'correct horse battery']

/**
 * The rules on the page, for an installation with a prefix and several partitions, as the words of
 * a command.
 */
function documentedUser(name: string): string[] {
  const lines = read('docs/stores.md').matchAll(new RegExp(`^ +ACL SETUSER ${name} (.*)$`, 'gm'))
  const rules = [...lines].map(([, line]) => line).join(' ')
  if (rules === '') throw new Error(`docs/stores.md does not say what ${name} may do`)
  const prefixed = rules.replaceAll(/(?<=[~&])gatehouse:/g, `${PREFIX}gatehouse:`)
  return [name, ...prefixed.replace('PASSWORD', 'pw').split(' ')]
}

/** The commands that the rules allow, and those that a process runs at its start. */
const documented = (name: string) =>
  documentedUser(name).flatMap((word) => (word.startsWith('+') ? [word.slice(1)] : []))
const needed = (rights: readonly NeededRights[]) => [
  ...new Set(rights.flatMap(({ commands }) => commands.map((text) => text.split(' ')[0])))
]

t.test('docs/stores.md and the processes name the same rights', async (t) => {
  const all = (of: typeof auth | typeof gateway) => [...of.neededRights, ...of.partitionRights]
  t.strictSame(documented('gatehouse-auth').sort(), needed(all(auth)).sort())
  t.strictSame(documented('gatehouse-gateway').sort(), needed(all(gateway)).sort())
})

t.test('each command of a script is among the rights', async (t) => {
  const inScripts = (folder: string) =>
    readdirSync(join(root, folder)).flatMap((file) =>
      [...read(`${folder}/${file}`).matchAll(/redis\.p?call\(\s*'(\w+)'/g)].map(([, name = '']) =>
        name.toLowerCase()
      )
    )
  const folders = ['services/auth/lua', 'internal/revocation/lua', 'internal/sightings/lua']
  const allowed = documented('gatehouse-auth')
  t.strictSame(
    folders.flatMap(inScripts).filter((name) => !allowed.includes(name)),
    []
  )
  const ofGateways = documented('gatehouse-gateway')
  t.strictSame(
    inScripts('internal/sightings/lua').filter((name) => !ofGateways.includes(name)),
    []
  )
  const ofFleet = new Set(inScripts('internal/fleet/lua'))
  t.strictSame(
    [...ofFleet].filter((name) => !allowed.includes(name)),
    ['zrange']
  )
  t.strictSame(
    [...ofFleet].filter((name) => !ofGateways.includes(name)),
    ['hmget']
  )
})

const routesTo = (auth: string) => `
upstreams: { auth: '${auth}' }
routes:
  - { name: login, prefix: [/auth/register, /auth/login], upstream: auth, stripPrefix: /auth, access: public }
  - { name: refresh, prefix: [/auth/refresh-token, /auth/logout], upstream: auth, stripPrefix: /auth, access: public }
  - { name: auth, prefix: /auth, upstream: auth, stripPrefix: /auth, limit: { by: subject, max: 100, windowSeconds: 60, shared: true } }
`

/** An auth service and a gateway. The Redis user of each has only the documented rights. */
async function restricted(t: Test, redisUrl: string) {
  const opsPort = String(await freePort())
  const start = async (service: 'auth' | 'gateway', more: Record<string, string>) => {
    const name = service.toUpperCase()
    const started = await serviceProcess(service, {
      REDIS_URL: redisUrl.replace('//', `//gatehouse-${service}:pw@`),
      REDIS_KEY_PREFIX: PREFIX,
      GATEHOUSE_DATA_DIR: dataFolder(t),
      [`${name}_PORT`]: '0',
      [`${name}_OPS_PORT`]: '0',
      GATEWAY_KEYS_URL: `http://127.0.0.1:${opsPort}/.well-known/gateway-jwks.json`,
      ...more
    })
    t.teardown(() => started.stop())
    return started
  }
  const auth = await start('auth', { REDIS_PARTITIONS: '3' })
  const routes = join(dataFolder(t), 'routes.yaml')
  writeFileSync(routes, routesTo(auth.url))
  const gateway = await start('gateway', {
    GATEWAY_ROUTES: routes,
    GATEWAY_OPS_PORT: opsPort,
    GATEWAY_JWKS_URL: `${auth.url}/.well-known/jwks.json`
  })
  return { auth, gateway }
}

t.test(
  'the documented rights are enough for a session, and every key has the prefix',
  { skip: redisMissing },
  async (t) => {
    const { url, redis } = await redisServer(t)
    for (const service of ['auth', 'gateway']) {
      await redis.call('acl', 'setuser', ...documentedUser(`gatehouse-${service}`))
    }
    const { auth, gateway } = await restricted(t, url)
    const { register, login, refresh, logout, call } = client(gateway.url)
    await register(email, password)
    t.equal((await login(email, 'another password')).status, 401)
    const { body: first } = await login(email, password)
    const { status, body } = await refresh(first.refreshToken)
    t.equal(status, 200)
    t.equal((await call('/auth/sessions', { token: body.accessToken })).status, 200)
    const change = { currentPassword: password, newPassword: 'a longer passphrase' }
    t.equal((await call('/auth/password', { token: body.accessToken, json: change })).status, 204)
    t.equal((await logout(body.refreshToken)).status, 204)
    const isEnded = async () => (await call('/auth/me', { token: body.accessToken })).status
    t.equal(await eventually(isEnded, (code) => code === 401, LONG_MS), 401)
    for (const { opsUrl } of [auth, gateway]) {
      t.match(await (await fetch(`${opsUrl}/readyz`)).json(), { status: 'ready' })
    }
    t.equal(await gateway.stop(), 0, 'it leaves the fleet')
    t.strictSame(await redis.call('acl', 'log'), [], 'nothing was refused')
    const keys = await redis.keys('*')
    t.ok(keys.length > 5)
    t.strictSame(
      keys.filter((key) => !key.startsWith(PREFIX)),
      []
    )
  }
)
