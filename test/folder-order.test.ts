import t from 'tap'
import { importsOf, offences, read, sourceFiles } from './source-files.ts'

const files = sourceFiles()

/** The folders of the domain, which import no web framework. */
const domain = [
  'services/auth/src/accounts/',
  'services/auth/src/audit/',
  'services/auth/src/clients/',
  'services/auth/src/database/',
  'services/auth/src/email-changes/',
  'services/auth/src/email-verifications/',
  'services/auth/src/factors/',
  'services/auth/src/invitations/',
  'services/auth/src/keys/',
  'services/auth/src/link-tokens/',
  'services/auth/src/oauth/',
  'services/auth/src/mail/',
  'services/auth/src/outbox/',
  'services/auth/src/password-resets/',
  'services/auth/src/revocations/',
  'services/auth/src/secrets/',
  'services/auth/src/sessions/',
  'services/auth/src/signed-post/',
  'services/auth/src/subscriptions/',
  'services/auth/src/throttling/',
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

t.test('the test reads all source files', async (t) => {
  t.ok(files.length > 80, `${files.length} source files`)
  for (const folder of domain) {
    t.ok(
      files.some(({ path }) => path.startsWith(folder)),
      `${folder} is there`
    )
  }
})

t.test('domain files import no web framework', async (t) => {
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
 * folders that come after it. Where the files beside the folders are listed, the same holds for
 * them, and each of them is listed.
 */
const folderOrder: Record<string, readonly string[]> = {
  'gateway/src/': [
    'main.ts',
    'start-workers.ts',
    'start.ts',
    'listeners.ts',
    'app.ts',
    'app-settings.ts',
    'config.ts',
    'forward.ts',
    'journey.ts',
    'fleet',
    'redirect',
    'verify',
    'arrival',
    'redis',
    'websocket',
    'forwarding',
    'stages',
    'limits',
    'telemetry',
    'issuers',
    'signatures',
    'routes',
    'grpc',
    'proxies',
    'revocation',
    'assertions',
    'tokens',
    'keys',
    'paths',
    'yaml',
    'ports.ts',
    'refusals.ts'
  ],
  'gateway/src/forwarding/': [
    'open-forwarding.ts',
    'uploads.ts',
    'exchange.ts',
    'ask-address.ts',
    'request',
    'response',
    'capacity',
    'connections',
    'headers',
    'faults'
  ],
  'services/auth/src/': [
    'http',
    'oauth',
    'factors',
    'sessions',
    'tokens',
    'email-changes',
    'email-verifications',
    'password-resets',
    'invitations',
    'accounts',
    'clients',
    'throttling',
    'mail',
    'link-tokens',
    'webhooks',
    'signed-post',
    'secrets',
    'keys',
    'revocations',
    'audit',
    'subscriptions',
    'outbox',
    'redis',
    'database',
    'telemetry'
  ],
  'services/auth/src/mail/': ['transports', 'templates'],
  'services/auth/src/sessions/': ['ends', 'families']
}

/** It has columns of types that other folders define. */
const tables = 'services/auth/src/database/tables.ts'

/** They put the folders of the auth service together, so no folder imports them. */
const assembly = /^(main|start|open-letters|prepare-letters|listeners|app)\.ts$/

for (const [source, order] of Object.entries(folderOrder)) {
  t.test(`the folders of ${source} import each other in one direction`, async (t) => {
    const partOf = (path: string) => path.slice(source.length).split('/')[0] ?? ''
    const listsFiles = order.some((part) => part.endsWith('.ts'))
    const ordered = files.filter(
      ({ path }) =>
        path.startsWith(source) &&
        path !== tables &&
        (listsFiles || path.slice(source.length).includes('/'))
    )
    t.strictSame([...new Set(ordered.map(({ path }) => partOf(path)))].sort(), order.toSorted())
    const backward = ordered.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => new URL(name, `file:///${file.path}`).pathname.slice(1))
        .filter((path) => path.startsWith(source))
        .map(partOf)
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

/** The files that each file imports by a relative path, types included. */
const imported = new Map(
  files.map((file) => [
    file.path,
    importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => new URL(name, `file:///${file.path}`).pathname.slice(1))
  ])
)

t.test('no file beside the folders of the auth service is between two folders', async (t) => {
  const source = 'services/auth/src/'
  const order = folderOrder[source] ?? []
  const places = (paths: readonly string[]) =>
    paths
      .filter((path) => path.startsWith(source))
      .map((path) => order.indexOf(path.slice(source.length).split('/')[0] ?? ''))
      .filter((place) => place >= 0)
  const beside = [...imported].filter(
    ([path]) => path.startsWith(source) && !path.slice(source.length).includes('/')
  )
  t.ok(beside.length > 5, `${beside.length} files`)
  const between = beside.filter(([path, its]) => {
    const importers = [...imported].filter(([, of]) => of.includes(path)).map(([other]) => other)
    return Math.max(...places(importers)) >= Math.min(...places(its))
  })
  t.strictSame(
    between.map(([path]) => path),
    []
  )
})

t.test('no file of the gateway or the auth service imports itself through others', async (t) => {
  const left = new Map(
    [...imported].filter(([path]) => /^(gateway|services\/auth)\/src\//.test(path))
  )
  for (let before = -1; before !== left.size; ) {
    before = left.size
    for (const [path, its] of left) {
      if (!its.some((one) => left.has(one))) left.delete(path)
    }
  }
  t.strictSame([...left.keys()], [])
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
