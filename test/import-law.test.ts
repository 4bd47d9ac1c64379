import t from 'tap'
import { filesBelow, importsOf, read, type SourceFile, sourceFiles } from './source-files.ts'

const files = sourceFiles()

/** The folders of the workspaces, and those that contain what imports them. */
const programs = ['gateway', 'infra', 'internal', 'packages', 'services']
const workspaces = [...programs, 'docs', 'test']

/** What lies in these folders is the product's own thought, and knows no web framework. */
const domain = [
  'services/auth/src/accounts/',
  'services/auth/src/audit/',
  'services/auth/src/clients/',
  'services/auth/src/database/',
  'services/auth/src/guesses/',
  'services/auth/src/invitations/',
  'services/auth/src/keys/',
  'services/auth/src/oauth/',
  'services/auth/src/mail/',
  'services/auth/src/outbox/',
  'services/auth/src/recovery/',
  'services/auth/src/revocations/',
  'services/auth/src/secrets/',
  'services/auth/src/sessions/',
  'services/auth/src/tokens/',
  'services/auth/src/webhooks/',
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
      .filter((name) => /^@gatehouse\/(gateway|auth|orders|echo|start)(\/|$)/.test(name))
      .map((name) => `${file.path} imports ${name}`)
  })
  t.strictSame(foreign, [])
})

// The tools of @gatehouse/routes contain what the gateway reads its route table with.
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

/** What infra imports of the gateway, of the services and of other workspaces of infra. */
const infraImports: Record<string, readonly string[]> = {
  'infra/api': [
    '@gatehouse/gateway/routes/load-route-table',
    '@gatehouse/gateway/routes/route',
    '@gatehouse/start/whole-system'
  ],
  'infra/api-page': [],
  'infra/bench': [
    '@gatehouse/auth/redis/store-clock',
    '@gatehouse/auth/sessions/families',
    '@gatehouse/auth/sessions/redis-families',
    '@gatehouse/auth/sessions/redis-family-keys',
    '@gatehouse/start/free-port'
  ],
  'infra/bundle': [],
  'infra/ops': [
    '@gatehouse/gateway/issuers/issuer-entry',
    '@gatehouse/gateway/issuers/issuer-file',
    '@gatehouse/gateway/issuers/issuer-file-schema',
    '@gatehouse/gateway/routes/demand-schema',
    '@gatehouse/gateway/routes/load-route-table',
    '@gatehouse/gateway/routes/located-target',
    '@gatehouse/gateway/routes/route',
    '@gatehouse/gateway/routes/route-file-schema',
    '@gatehouse/gateway/routes/route-table',
    '@gatehouse/gateway/routes/service-path',
    '@gatehouse/gateway/routes/takes-our-credentials',
    '@gatehouse/gateway/stages/match',
    '@gatehouse/gateway/verify/answer-headers'
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

/** What each workspace exports. */
const exportsOf = (): Exports[] =>
  filesBelow(workspaces, /\/package\.json$/).map(({ path, text }) => {
    const { name, exports = {} }: { name: string; exports?: Record<string, string> } =
      JSON.parse(text)
    return { name, path, exported: Object.keys(exports).map((one) => one.replace('.', name)) }
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

/** The files that a file loads, itself included. An import of types loads nothing. */
function loadedBy(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen
  seen.add(path)
  const text = files.find((file) => file.path === path)?.text ?? ''
  const values = text.replaceAll(/^(?:import|export) type [^;]*? from '[^']+'$/gm, '')
  for (const name of importsOf({ path, text: values })) {
    if (!name.startsWith('.')) seen.add(name)
    else loadedBy(new URL(name, `file:///${path}`).pathname.slice(1), seen)
  }
  return seen
}

t.test('domain files load no web framework through other files', async (t) => {
  const loading = files
    .filter(({ path }) => domain.some((folder) => path.startsWith(folder)))
    .filter(({ path }) => [...loadedBy(path)].some((name) => /^(fastify|@fastify\/)/.test(name)))
  t.strictSame(
    loading.map(({ path }) => path),
    []
  )
})

/**
 * The folders of the two large services, in the direction of their imports: each imports only
 * folders that come after it.
 */
const folderOrder: Record<string, readonly string[]> = {
  'gateway/src/': [
    'fleet',
    'redirect',
    'verify',
    'redis',
    'websocket',
    'forwarding',
    'stages',
    'limits',
    'telemetry',
    'issuers',
    'routes',
    'proxies',
    'revocation',
    'assertions',
    'tokens',
    'keys',
    'paths',
    'yaml'
  ],
  'services/auth/src/': [
    'http',
    'oauth',
    'sessions',
    'tokens',
    'invitations',
    'recovery',
    'accounts',
    'clients',
    'guesses',
    'mail',
    'webhooks',
    'secrets',
    'keys',
    'revocations',
    'audit',
    'outbox',
    'redis',
    'database',
    'telemetry'
  ]
}
/** They put the folders together, so no folder imports them. */
const assembly = /^(main|start|listeners|client-listener|app|journey|forward)\.ts$/

for (const [source, order] of Object.entries(folderOrder)) {
  t.test(`the folders of ${source} import each other in one direction`, async (t) => {
    const partOf = (path: string) => path.slice(source.length).split('/')[0] ?? ''
    // A table has columns of types that other folders define.
    const tables = `${source}database/tables.ts`
    const inFolders = files.filter(
      ({ path }) =>
        path.startsWith(source) && path !== tables && path.slice(source.length).includes('/')
    )
    t.strictSame([...new Set(inFolders.map(({ path }) => partOf(path)))].sort(), order.toSorted())
    const backward = inFolders.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => partOf(new URL(name, `file:///${file.path}`).pathname.slice(1)))
        .filter((part) =>
          order.includes(part)
            ? order.indexOf(part) < order.indexOf(partOf(file.path))
            : assembly.test(part)
        )
        .map((part) => `${file.path} imports ${part}`)
    )
    t.strictSame(backward, [])
  })
}

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
  const imported = [...journey.matchAll(/^import \{([^}]*)\} from '\.\/stages\//gm)]
    .flatMap(([, names = '']) => names.split(',').map((name) => name.trim()))
    .filter((name) => !name.startsWith('type '))
  const called = [...journey.matchAll(/\b(\w+)\(/g)].map(([, name = '']) => name)
  t.strictSame(
    called.filter((name) => imported.includes(name)),
    [
      'strip',
      'match',
      'refuseBodyOnGet',
      'destinationOf',
      'checkUpgrade',
      'isPassedPreflight',
      'authenticate',
      'refuseOtherAudience',
      'refuseRevoked',
      'refuseLarge',
      'limit',
      'requireAccess',
      'stamp',
      'passedAuthorization'
    ]
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
