import t from 'tap'
import {
  filesBelow,
  importsOf,
  offences,
  type SourceFile,
  sourceFiles
} from './fixtures/source-files.ts'

const files = sourceFiles()

/** The folders of the workspaces, and those that contain what imports them. */
const programs = ['gateway', 'infra', 'internal', 'packages', 'services']

const workspaces = [...programs, 'console', 'docs', 'test']

t.test('the gateway and the services never import each other', async (t) => {
  const service = (path: string) => /^(gateway|services\/\w+)\//.exec(path)?.[1]
  const foreign = files.flatMap((file) => {
    const own = service(file.path)?.split('/').at(-1)
    if (own === undefined) return []
    return importsOf(file)
      .filter((name) => /^@gatehouse\/(gateway|auth|orders|echo|start)(\/|$)/.test(name))
      .map((name) => `${file.path} imports ${name}`)
  })
  t.strictSame(foreign, [])
})

// The tools of @gatehouse/routes contain the code with which the gateway reads its route table.
const gatewayTools = 'packages/routes/'

t.test('shared packages import no service', async (t) => {
  const services = /^@gatehouse\/(gateway|auth|orders|echo)(\/|$)/
  t.strictSame(
    offences(
      ({ path }) => /^(internal|packages)\//.test(path) && !path.startsWith(gatewayTools),
      services
    ),
    []
  )
})

t.test('shared packages, services and the gateway import nothing of infra', async (t) => {
  const infra = /^@gatehouse\/(api|bench|bundle|ops|publish|runtime|start|suite)(\/|$)/
  t.strictSame(
    offences(({ path }) => !path.startsWith('infra/'), infra),
    []
  )
})

/** The imports of infra from the gateway, the services and other workspaces of infra. */
const infraImports: Record<string, readonly string[]> = {
  'infra/api': [
    '@gatehouse/auth/audit/published-event-schema',
    '@gatehouse/gateway/routes/load-route-table',
    '@gatehouse/gateway/routes/route',
    '@gatehouse/start/whole-system'
  ],
  'infra/api-page': [],
  'infra/bench': [
    '@gatehouse/auth/redis/store-clock',
    '@gatehouse/auth/sessions/families/families',
    '@gatehouse/auth/sessions/families/redis-families',
    '@gatehouse/auth/sessions/families/redis-family-keys',
    '@gatehouse/bundle/bundle-service',
    '@gatehouse/start/free-port'
  ],
  'infra/bundle': [],
  'infra/ops': [
    '@gatehouse/gateway/explain/demand-text',
    '@gatehouse/gateway/explain/explain-request',
    '@gatehouse/gateway/issuers/issuer-entry',
    '@gatehouse/gateway/issuers/issuer-file',
    '@gatehouse/gateway/issuers/issuer-file-schema',
    '@gatehouse/gateway/routes/load-route-table',
    '@gatehouse/gateway/routes/page-warnings',
    '@gatehouse/gateway/routes/route-file-schema',
    '@gatehouse/gateway/routes/route-table'
  ],
  'infra/publish': [],
  'infra/start': [
    '@gatehouse/api-page/serve-api-page',
    '@gatehouse/auth/config',
    '@gatehouse/auth/start',
    '@gatehouse/echo/config',
    '@gatehouse/echo/start',
    '@gatehouse/gateway/config',
    '@gatehouse/gateway/start',
    '@gatehouse/ops/console-link',
    '@gatehouse/ops/ops-client',
    '@gatehouse/orders/config',
    '@gatehouse/orders/start'
  ],
  'infra/suite': [
    '@gatehouse/bundle/bundle-dependencies',
    '@gatehouse/bundle/bundle-programs',
    '@gatehouse/bundle/dependencies'
  ]
}

t.test('infra imports what its table lists, and nothing else', async (t) => {
  const listed =
    /^@gatehouse\/(gateway|auth|orders|echo|api|api-page|bench|bundle|ops|publish|runtime|start|suite)\//
  const found: Record<string, string[]> = {}
  for (const file of files) {
    const [workspace] = /^infra\/[^/]+/.exec(file.path) ?? []
    if (workspace === undefined) continue
    found[workspace] ??= []
    found[workspace].push(...importsOf(file).filter((name) => listed.test(name)))
  }
  for (const [workspace, names] of Object.entries(found)) {
    found[workspace] = [...new Set(names)].sort()
  }
  t.strictSame(found, infraImports)
})

t.test('no file reaches into another workspace by a relative path', async (t) => {
  const homes = filesBelow(programs, /\/package\.json$/).map(({ path }) => path)
  const reaching = filesBelow(programs, /\.ts$/).flatMap((file) => {
    const home = homes
      .map((path) => path.replace('package.json', ''))
      .find((folder) => file.path.startsWith(folder))
    if (home === undefined) return [`${file.path} is in no workspace`]
    return importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => new URL(name, `file:///${file.path}`).pathname.slice(1))
      .filter((target) => !target.startsWith(home))
      .map((target) => `${file.path} imports ${target}`)
  })
  t.strictSame(reaching, [])
})

t.test('a workspace imports each of its declared dependencies', async (t) => {
  const code = filesBelow(workspaces, /\.(tsx?|js|mjs)$/)
  const manifests = filesBelow(workspaces, /\/package\.json$/)
  const homes = manifests.map(({ path }) => path.replace('package.json', ''))
  const homeOf = (path: string) =>
    homes.filter((home) => path.startsWith(home)).sort((one, other) => other.length - one.length)[0]
  const unused = manifests.flatMap(({ path, text }) => {
    const home = path.replace('package.json', '')
    const own = code.filter((file) => homeOf(file.path) === home).map((file) => file.text)
    const { name, dependencies = {}, devDependencies = {} } = JSON.parse(text)
    // A test installs the others elsewhere.
    if (!name.startsWith('@gatehouse/')) return []
    return Object.keys({ ...dependencies, ...devDependencies })
      .filter((name) => !name.startsWith('@types/'))
      .filter((name) => !own.some((one) => new RegExp(`['"\`]${name}['"\`/]`).test(one)))
      .map((name) => `${path} declares ${name}`)
  })
  t.strictSame(unused, [])
})

/** The modules that these files import, by name. */
const importedBy = (files: readonly SourceFile[]) => new Set(files.flatMap(importsOf))

t.test('a workspace exports the modules that others import, and no others', async (t) => {
  const imported = importedBy(filesBelow(workspaces, /\.(ts|md)$/))
  // Each is started by this name: `import.meta.resolve` in infra/start and in the fixtures.
  for (const name of ['auth', 'echo', 'gateway', 'orders']) imported.add(`@gatehouse/${name}/main`)
  for (const { name, exported, path } of exportsOf()) {
    const used = [...imported].filter((module) => module === name || module.startsWith(`${name}/`))
    t.strictSame(exported.sort(), used.sort(), path)
  }
})

t.test(
  'a module that only tests import is exported below testing, and only they import it',
  async (t) => {
    const testing = /^@gatehouse\/[\w-]+\/testing(\/|$)/
    const documents = filesBelow(workspaces, /\.md$/)
    const imported = importedBy([...files, ...documents])
    t.strictSame(
      [...importedBy(files)].filter((module) => testing.test(module)),
      []
    )
    for (const { name, exported, path } of exportsOf()) {
      if (name === '@gatehouse/fixtures') continue
      const unused = exported.filter((module) => !imported.has(module) && !testing.test(module))
      t.strictSame(
        unused.filter((module) => module !== `${name}/main`),
        [],
        path
      )
    }
  }
)

type Exports = { readonly name: string; readonly exported: string[]; readonly path: string }

/** The exports of each workspace. */
const exportsOf = (): Exports[] =>
  filesBelow(workspaces, /\/package\.json$/).map(({ path, text }) => {
    const { name, exports = {} }: { name: string; exports?: Record<string, string> } =
      JSON.parse(text)
    return { name, path, exported: Object.keys(exports).map((one) => one.replace('.', name)) }
  })
