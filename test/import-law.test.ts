import t from 'tap'
import { filesBelow, importsOf, read, type SourceFile, sourceFiles } from './source-files.ts'

const files = sourceFiles()

/** What lies in these folders is the product's own thought, and knows no web framework. */
const domain = [
  'services/auth/src/accounts/',
  'services/auth/src/audit/',
  'services/auth/src/clients/',
  'services/auth/src/database/',
  'services/auth/src/guesses/',
  'services/auth/src/keys/',
  'services/auth/src/oauth/',
  'services/auth/src/revocations/',
  'services/auth/src/secrets/',
  'services/auth/src/sessions/',
  'services/auth/src/tokens/',
  'gateway/src/assertions/',
  'gateway/src/keys/',
  'gateway/src/paths/',
  'gateway/src/revocation/',
  'gateway/src/stages/',
  'gateway/src/tokens/',
  'gateway/src/journey.ts'
]

const offences = (within: (file: SourceFile) => boolean, forbidden: RegExp): string[] =>
  files
    .filter(within)
    .flatMap((file) => importsOf(file).map((name) => ({ path: file.path, name })))
    .filter(({ name }) => forbidden.test(name))
    .map(({ path, name }) => `${path} imports ${name}`)

t.test('the test reads all source files', async (t) => {
  t.ok(files.length > 80, `${files.length} source files`)
  for (const folder of domain) {
    t.ok(
      files.some(({ path }) => path.startsWith(folder)),
      `${folder} is there`
    )
  }
})

t.test('the gateway and the services never import each other', async (t) => {
  const service = (path: string) => /^(gateway|services\/\w+)\//.exec(path)?.[1]
  const foreign = files.flatMap((file) => {
    const own = service(file.path)?.split('/').at(-1)
    if (own === undefined) return []
    return importsOf(file)
      .filter((name) => /^@gatehouse\/(gateway|auth|orders|echo|start)\//.test(name))
      .map((name) => `${file.path} imports ${name}`)
  })
  t.strictSame(foreign, [])
})

t.test('packages import no service', async (t) => {
  const services = /^@gatehouse\/(gateway|auth|orders|echo|start)\//
  t.strictSame(
    offences(({ path }) => path.startsWith('packages/'), services),
    []
  )
})

t.test('no file reaches into another workspace by a relative path', async (t) => {
  const workspace = /^(packages\/[^/]+|services\/[^/]+|gateway|infra\/[^/]+)\//
  const reaching = files.flatMap((file) => {
    const home = workspace.exec(file.path)?.[0] ?? ''
    return importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => new URL(name, `file:///${file.path}`).pathname.slice(1))
      .filter((target) => !target.startsWith(home))
      .map((target) => `${file.path} imports ${target}`)
  })
  t.strictSame(reaching, [])
})

t.test('a workspace exports the modules that others import, and no others', async (t) => {
  const folders = ['docs', 'gateway', 'infra', 'packages', 'services', 'test']
  const imported = new Set(filesBelow(folders, /\.(ts|md)$/).flatMap(importsOf))
  // Each is started by this name: `import.meta.resolve` in infra/start and in the fixtures.
  for (const name of ['auth', 'echo', 'gateway', 'orders']) imported.add(`@gatehouse/${name}/main`)
  for (const { path, text } of filesBelow(folders, /\/package\.json$/)) {
    const { name, exports = {} }: { name: string; exports?: Record<string, string> } =
      JSON.parse(text)
    const used = [...imported].filter((module) => module.startsWith(`${name}/`))
    const exported = Object.keys(exports).map((module) => module.replace('.', name))
    t.strictSame(exported.sort(), used.sort(), path)
  }
})

t.test('domain files know no web framework', async (t) => {
  t.strictSame(
    offences(
      ({ path }) => domain.some((folder) => path.startsWith(folder)),
      /^(fastify|@fastify\/|@gatehouse\/http-service)/
    ),
    []
  )
})

t.test('only a main reads the process environment', async (t) => {
  const readers = files.filter(({ path, text }) => {
    return text.includes('process.env') && !path.endsWith('/main.ts')
  })
  t.strictSame(
    readers.map(({ path }) => path),
    []
  )
})

t.test('each stage of the journey is called once, in the order of the policy', async (t) => {
  const journey = read('gateway/src/journey.ts')
  const order = [
    ...journey.matchAll(/\b(strip|match|authenticate|refuseRevoked|limit|requireAccess|stamp)\(/g)
  ]
  t.strictSame(
    order.map(([, stage]) => stage),
    ['strip', 'match', 'authenticate', 'refuseRevoked', 'limit', 'requireAccess', 'stamp']
  )
})

t.test('files stay under 220 lines', async (t) => {
  const long = files.filter(({ text }) => text.split('\n').length > 220)
  t.strictSame(
    long.map(({ path }) => path),
    []
  )
})

t.test('no literal is spread only to group lines', async (t) => {
  const spread = /\.\.\.\{|\.\.\.\[[^[\]]*\](?=\s*[,)\]])/
  t.strictSame(
    files.filter(({ text }) => spread.test(text)).map(({ path }) => path),
    []
  )
})
