import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { client, eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { goMissing } from '@gatehouse/fixtures/go-program'
import { processEnvironment } from '@gatehouse/fixtures/program'
import t, { type Test } from 'tap'
import { read } from '../rules/fixtures/source-files.ts'
import { blocksOf } from './fixtures/documented-blocks.ts'
import {
  document,
  exampleSystem,
  examples,
  noPython,
  PAGE,
  PYTHON,
  started
} from './fixtures/example-services.ts'
import { byUnknownKey, forgeries } from './fixtures/forged-assertions.ts'

const PATIENCE_MS = 10_000
/**
 * A key set that the test can replace: the set that the gateway publishes, one without the keys of
 * other gateways, or none.
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

t.test('each example knows who is calling, and believes only a gateway', async (t) => {
  const { url, ports, folder, keysUrl } = await exampleSystem(t)
  const api = client(url)
  const registered = await api.register('ada@example.com', 'correct horse battery')
  const { accessToken: token } = (await api.login('ada@example.com', 'correct horse battery')).body
  const { body: echoed } = await api.call<{ headers: Record<string, string> }>('/echo/x', { token })
  const seen = echoed.headers['x-auth-assertion'] ?? ''

  for (const [name, { missing: skip, isOnPage, command }] of Object.entries(examples)) {
    await t.test(name, { skip }, async (t) => {
      const { state, url: switchedUrl } = await switchedKeys(t, keysUrl)
      const port = String(ports.get(name))
      const settings = { PORT: port, AUDIENCE: name, GATEWAY_KEYS_URL: switchedUrl }
      state.now = 'incomplete'
      await started(t, command(dataFolder(t)), settings)

      const mine = () => api.call(`/${name}/`, { token })
      t.equal((await mine()).status, 503, 'a key that this set may lack is asked for again')
      state.now = 'whole'
      const answer = await eventually(mine, ({ status }) => status === 200, PATIENCE_MS)
      t.equal(answer.status, 200)
      t.equal(answer.text, registered.body.user.id)

      for (const [title, headers] of Object.entries(forgeries(seen, name))) {
        const refused = await fetch(`http://127.0.0.1:${port}/`, { headers })
        t.equal(refused.status, 401, title)
        const text = await refused.text()
        if (isOnPage) t.match(JSON.parse(text), { code: 'UNAUTHENTICATED', requestId: /./ }, title)
      }

      state.now = 'down'
      const other = byUnknownKey(seen)
      const unknown = () =>
        fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-auth-assertion': other } })
      const unsure = await eventually(unknown, ({ status }) => status === 503, PATIENCE_MS)
      t.equal(unsure.status, 503, '503 and not 401 while the key set cannot be fetched')
      t.equal((await mine()).status, 200, 'known keys are still believed')

      if (!isOnPage) return
      const report = (token: string) => api.call(`/${name}/report`, { token })
      t.equal((await report(token)).status, 403)
      // Tested once, because this part of the page is the same for all examples.
      if (name === 'express') await tryIt(t, name, url, port, folder)
      const { body } = await api.login('mary@example.com', 'correct horse battery')
      t.equal((await report(body.accessToken)).status, 200)
    })
  }
})

/**
 * The steps that the page tells a newcomer, for a running example. Afterwards, Mary is an admin.
 */
async function tryIt(t: Test, name: string, url: string, port: string, folder: string) {
  const [, attempt = ''] = read(PAGE).split('## Try it')
  const script = [...attempt.matchAll(/^```sh\n(.*?)^```$/gms)]
    .map(([, code]) => code)
    .join('')
    .replaceAll('http://localhost:3000', url)
    .replaceAll('localhost:4000', `localhost:${port}`)
    .replaceAll('/shop/', `/${name}/`)
  const env = { ...processEnvironment(), GATEHOUSE_DATA_DIR: folder }
  const ran = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { env })
  const [registered = '', subject = ''] = ran.stdout.split('\n')
  t.equal(JSON.parse(registered).user.id, subject, 'the service says who is calling')
  const statuses = [...ran.stdout.matchAll(/^→ (\d+)$/gm)].map(([, status]) => Number(status))
  t.strictSame(statuses, [401, 401, 403, 200], 'no token, no gateway, no admin, an admin')
}

t.test('docs/first-service.md contains the examples word for word', async (t) => {
  t.strictSame(blocksOf(PAGE, 'js'), [read('examples/express/service.js')])
  t.strictSame(blocksOf(PAGE, 'python'), [read('examples/python/service.py')])
  t.strictSame(blocksOf(PAGE, 'go'), [read('examples/go/main.go')])
})

t.test('the module in Python passes its own tests', { skip: noPython }, async (t) => {
  const words = ['-B', '-W', 'error', '-m', 'unittest', '-q']
  const { status, stderr } = spawnSync(PYTHON, words, { cwd: 'examples/python', encoding: 'utf8' })
  t.equal(status, 0, stderr)
  t.match(stderr, /^Ran \d\d? tests/m)
})

t.test('the code in Go is formatted', { skip: goMissing }, async (t) => {
  const { status, stdout } = spawnSync('gofmt', ['-l', 'examples/go', 'gateway/test'], {
    encoding: 'utf8'
  })
  t.equal(status, 0)
  t.equal(stdout, '')
})

t.test('every other example is marked as not to be run', async (t) => {
  const fences = [...document.matchAll(/^```(\S.*)$/gm)].map(([, language]) => language)
  t.strictSame(fences, ['sh ignore', 'ts', 'ts ignore', 'js', 'python ignore'])
})
