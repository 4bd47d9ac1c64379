import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GATEWAY_KEYS_PATH } from '@gatehouse/edge-headers/assertion'
import { client } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { processEnvironment } from '@gatehouse/fixtures/program'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { freePort } from '@gatehouse/start/free-port'
import type { Test } from 'tap'
import { startApplication } from './application.ts'
import { type Runtime, runtimes } from './runtimes.ts'

const FRAMEWORKS = ['express', 'fastify', 'hono', 'node'] as const
/** The common name of all routes to the service. */
const AUDIENCE = 'shop'

type Ports = Record<(typeof FRAMEWORKS)[number], number>

const ada = { email: 'ada@example.com', password: 'correct horse battery' }

/**
 * One process per runtime: a service in each framework behind a real gateway, the
 * client, and the check of the gateway's route table.
 */
export async function testServices(t: Test, application: string): Promise<void> {
  const ports = new Map<Runtime, Ports>()
  for (const runtime of runtimes) ports.set(runtime, await freePorts())
  const table = tableOf(t, ports)
  const { url, services } = await wholeSystem(t, { GATEWAY_ROUTES: table })
  const opsUrl = services.find(({ name }) => name === 'gateway')?.opsUrl ?? ''
  const gatewayKeys = `${opsUrl}${GATEWAY_KEYS_PATH}`
  const api = client(url)
  const { body: registered } = await api.register(ada.email, ada.password)
  const { accessToken: token } = (await api.login(ada.email, ada.password)).body
  const { body: echoed } = await api.call<{ headers: Record<string, string> }>('/echo/x', { token })
  const foreign = { 'x-auth-assertion': echoed.headers['x-auth-assertion'] ?? '' }

  for (const [{ name, prefix, version, command }, own] of ports) {
    const reason = `${name} is not installed: .ci/run install`
    if (command === null && process.env.CI) throw new Error(`${reason}, and nothing may be skipped`)
    await t.test(`on ${name}`, { skip: command === null && reason }, async (t) => {
      const account = { baseUrl: url, ...ada }
      const settings = { gatewayKeys, audience: AUDIENCE, ports: own, account, table }
      const words = ['dist/service.js', JSON.stringify(settings)]
      const { child, line } = await startApplication(command ?? [], application, words)
      t.teardown(() => child.kill('SIGKILL'))
      const { client: told, faults, routes } = JSON.parse(line)
      t.strictSame(
        told,
        {
          code: 'UNAUTHENTICATED',
          providers: [],
          loginUrl: '/auth/login/providers/acme',
          linkCode: 'FORBIDDEN',
          isSameSession: true,
          email: ada.email,
          afterwards: null
        },
        'the client'
      )
      t.strictSame(faults, [], 'the table of the gateway')
      t.ok(routes > FRAMEWORKS.length)
      for (const framework of FRAMEWORKS) {
        const path = `/${prefix}-${framework}`
        const known = await api.call(`${path}/`, { token })
        t.equal(known.status, 200, `${framework}: through the gateway`)
        t.match(known.body, { subject: registered.user.id, runtime: version })
        t.equal((await api.call(`${path}/admin`, { token })).status, 403, `${framework}: no admin`)
        const direct = `http://127.0.0.1:${own[framework]}/`
        const forged = { 'x-auth-subject': 'root', 'x-auth-roles': 'admin' }
        for (const headers of [{}, forged, foreign, { 'x-auth-assertion': 'a.b.c' }]) {
          const refused = await fetch(direct, { headers })
          t.equal(refused.status, 401, `${framework}: without a gateway, ${Object.keys(headers)}`)
          t.match(await refused.json(), { code: 'UNAUTHENTICATED' })
        }
      }
    })
  }
}

/** Asserts that the command ends with the exit code on which CI acts. */
export function testCommand(t: Test, application: string): void {
  const file = join(dataFolder(t), 'routes.yaml')
  writeFileSync(file, 'upstreams: {}\nroutes: 1\n')
  const [node = process.execPath] = runtimes[0]?.command ?? []
  const bin = join(application, 'node_modules/.bin/gatehouse-routes')
  // Without the hooks of the test run, which need a newer Node.js.
  const options = { encoding: 'utf8', env: processEnvironment() } as const
  const { status, stdout } = spawnSync(node, [bin, 'check', file], options)
  t.equal(status, 1)
  t.match(stdout, /routes/, 'what is wrong')
  const nowhere = ['--gateway', 'http://127.0.0.1:1', '--echo-route', '/echo']
  const untested = spawnSync(node, [bin, 'conformance', ...nowhere], options)
  t.equal(untested.status, 2)
  t.match(untested.stderr, /HTTP\/2 framing: not tested/)
}

async function freePorts(): Promise<Ports> {
  const found: number[] = []
  for (const _framework of FRAMEWORKS) found.push(await freePort())
  const [express = 0, fastify = 0, hono = 0, node = 0] = found
  return { express, fastify, hono, node }
}

/** The route table of the repository with a route to each of these services. */
function tableOf(t: Test, ports: ReadonlyMap<Runtime, Ports>): string {
  const all = [...ports].flatMap(([{ prefix }, own]) =>
    Object.entries(own).map(([framework, port]) => [`${prefix}-${framework}`, port] as const)
  )
  const upstreams = all.map(([name, port]) => `  ${name}: http://127.0.0.1:${port}\n`)
  const routes = all.map(
    ([name]) =>
      `  - { name: ${name}, audience: ${AUDIENCE}, prefix: /${name}, upstream: ${name}, stripPrefix: /${name} }\n`
  )
  const shipped = readFileSync('gateway/routes.yaml', 'utf8')
  const file = join(dataFolder(t), 'routes.yaml')
  writeFileSync(
    file,
    `${shipped.replace('upstreams:\n', `upstreams:\n${upstreams.join('')}`)}\n${routes.join('')}`
  )
  return file
}
