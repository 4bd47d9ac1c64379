import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { GATEWAY_KEYS_PATH } from '@gatehouse/edge-headers/assertion'
import { client, eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { missing, runs } from '@gatehouse/fixtures/missing-program'
import { processEnvironment } from '@gatehouse/fixtures/program'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { freePort } from '@gatehouse/start/free-port'
import t, { type Test } from 'tap'

const ROUTE = 'mine'
const PATIENCE_MS = 10_000
const document = readFileSync('docs/downstream.md', 'utf8')

/** The first example of a language in the document, to the letter. */
function example(language: string): string {
  const [, code] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms').exec(document) ?? []
  if (code === undefined) throw new Error(`docs/downstream.md has no example in ${language}`)
  return code
}

type Example = {
  /** why it cannot be run here; false where it can */
  readonly missing: string | false
  /** what to run it with, made from its text in a folder of its own */
  command(code: string, folder: string): readonly [program: string, ...words: string[]]
}

// Debian's own, which sees Debian's packages.
const PYTHON = '/usr/bin/python3'
const examples: Record<string, Example> = {
  ts: {
    missing: false,
    command: (code) => [process.execPath, '--input-type=module-typescript', '--eval', code]
  },
  js: {
    missing: false,
    command: (code) => [process.execPath, '--input-type=module', '--eval', code]
  },
  python: {
    missing: missing('Python with PyJWT', runs(PYTHON, '-c', 'import jwt, cryptography')),
    command: (code) => [PYTHON, '-c', code]
  },
  go: {
    missing: missing('Go', runs('go', 'version')),
    command(code, folder) {
      writeFileSync(join(folder, 'main.go'), code)
      const binary = join(folder, 'service')
      const built = spawnSync('go', ['build', '-o', binary, join(folder, 'main.go')], {
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          GOCACHE: join(folder, 'cache'),
          GOPROXY: 'off'
        }
      })
      if (built.status !== 0) throw new Error(built.stderr.toString())
      return [binary]
    }
  }
}

/** The whole system, with a row that leads to a port where a service is to be. */
async function system(t: Test) {
  const port = await freePort()
  const routes = join(dataFolder(t), 'routes.yaml')
  const shipped = readFileSync('gateway/routes.yaml', 'utf8')
  writeFileSync(
    routes,
    shipped.replace('upstreams:\n', `upstreams:\n  mine: http://127.0.0.1:${port}\n`) +
      `\n  - { name: ${ROUTE}, prefix: /mine, upstream: mine, stripPrefix: /mine }\n`
  )
  const { url, services } = await wholeSystem(t, { GATEWAY_ROUTES: routes })
  const opsUrl = services.find(({ name }) => name === 'gateway')?.opsUrl ?? ''
  return { url, port, keysUrl: `${opsUrl}${GATEWAY_KEYS_PATH}` }
}

/**
 * A key set behind a switch: as the gateway publishes it, without the keys of other gateways, or
 * none.
 */
async function switchedKeys(t: Test, keysUrl: string) {
  const state: { now: 'whole' | 'incomplete' | 'down' } = { now: 'whole' }
  const server = createServer(async (_request, response) => {
    if (state.now === 'down') {
      response.writeHead(500).end()
      return
    }
    const whole = await (await fetch(keysUrl)).json()
    const set = state.now === 'whole' ? whole : { keys: [], complete: false }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(set))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  return { state, url: `http://127.0.0.1:${port}/` }
}

async function started(t: Test, command: readonly string[], settings: Record<string, string>) {
  const [program = '', ...words] = command
  const child: ChildProcess = spawn(program, words, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...processEnvironment(), ...settings }
  })
  t.teardown(() => child.kill('SIGKILL'))
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    const answer = await fetch(`http://127.0.0.1:${settings.PORT}/`).catch(() => null)
    if (answer !== null) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString())

/**
 * What somebody would try who reaches the service without a gateway, and has seen an assertion for
 * another service.
 */
function forgeries(seen: string): Record<string, Record<string, string>> {
  const [head, body, signature] = seen.split('.')
  const ours = encode({ ...decode(body), aud: ROUTE })
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signed = (header: string) => {
    const bytes = sign('sha256', Buffer.from(`${header}.${ours}`), {
      key: privateKey,
      dsaEncoding: 'ieee-p1363'
    })
    return `${header}.${ours}.${bytes.toString('base64url')}`
  }
  const assertions: Record<string, string> = {
    'one for another route': seen,
    'one with another audience put in': `${head}.${ours}.${signature}`,
    'one signed by somebody else': signed(head ?? ''),
    'one by an unknown key': signed(encode({ ...decode(head), kid: 'unknown' })),
    'one without a signature': `${encode({ ...decode(head), alg: 'none' })}.${ours}.`,
    garbage: 'a.b.c',
    nothing: ''
  }
  return {
    'no assertion': {},
    'headers that nobody signed': { 'x-auth-subject': 'root', 'x-auth-client': 'a' },
    ...Object.fromEntries(
      Object.entries(assertions).map(([title, text]) => [title, { 'x-auth-assertion': text }])
    )
  }
}

for (const [language, { missing: skip, command }] of Object.entries(examples)) {
  t.test(
    `the example in ${language} knows who is calling, and believes nobody else`,
    { skip },
    async (t) => {
      const { url, port, keysUrl } = await system(t)
      const { state, url: switchedUrl } = await switchedKeys(t, keysUrl)
      const settings = { PORT: String(port), ROUTE, GATEWAY_KEYS_URL: switchedUrl }
      state.now = 'incomplete'
      await started(t, command(example(language), dataFolder(t)), settings)
      const api = client(url)
      const registered = await api.register('ada@example.com', 'correct horse battery')
      const { accessToken: token } = (await api.login('ada@example.com', 'correct horse battery'))
        .body

      const mine = () => api.call('/mine/', { token })
      t.equal((await mine()).status, 503, 'a key that this set may lack is asked for again')
      state.now = 'whole'
      const answer = await eventually(mine, ({ status }) => status === 200, PATIENCE_MS)
      t.equal(answer.status, 200)
      t.equal(answer.text, registered.body.user.id)

      const { body: echoed } = await api.call<{ headers: Record<string, string> }>('/echo/x', {
        token
      })
      const seen = echoed.headers['x-auth-assertion'] ?? ''
      for (const [title, headers] of Object.entries(forgeries(seen))) {
        const refused = await fetch(`http://127.0.0.1:${port}/`, { headers })
        t.equal(refused.status, 401, title)
      }

      state.now = 'down'
      const [head, said] = seen.split('.')
      const other = `${encode({ ...decode(head), kid: 'another' })}.${said}.${'A'.repeat(86)}`
      const unknown = () =>
        fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-auth-assertion': other } })
      const unsure = await eventually(unknown, ({ status }) => status === 503, PATIENCE_MS)
      t.equal(unsure.status, 503, 'a key set that cannot be fetched is no reason to sign in again')
    }
  )
}

t.test('every other example is marked as not to be run', async (t) => {
  const fences = [...document.matchAll(/^```(\S.*)$/gm)].map(([, language]) => language)
  t.strictSame(fences, ['sh ignore', 'ts', 'ts ignore', 'js', 'python', 'go'])
})
