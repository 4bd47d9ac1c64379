import { dirname, join } from 'node:path'
import t from 'tap'
import { filesBelow, importsOf, offences, sourceFiles } from './fixtures/source-files.ts'

const files = sourceFiles()

const AUTH = 'services/auth/src/'

/** The folders of the auth service, without the one of its HTTP interface. */
const authDomain = [
  ...new Set(
    files
      .filter(({ path }) => path.startsWith(AUTH))
      .map(({ path }) => path.slice(AUTH.length).split('/'))
      .filter(([folder, file]) => file !== undefined && folder !== 'http')
      .map(([folder]) => `${AUTH}${folder}/`)
  )
]

/** The folders of the domain, which import no web framework. */
const domain = [
  ...authDomain,
  'gateway/src/assertions/',
  'gateway/src/fleet/',
  'gateway/src/issuers/',
  'gateway/src/keys/',
  'gateway/src/paths/',
  'gateway/src/request/',
  'gateway/src/revocation/',
  'gateway/src/stages/',
  'gateway/src/tokens/',
  'gateway/src/yaml/',
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

/** The modules that our own workspaces export, and the file of each. */
const exported = new Map<string, string>(
  filesBelow(['internal', 'packages', 'services', 'gateway', 'infra'], /\/package\.json$/).flatMap(
    ({ path, text }) => {
      const { name, exports = {} } = JSON.parse(text)
      return Object.entries(exports as Record<string, unknown>).flatMap(([module, file]) =>
        typeof file === 'string'
          ? [[`${name}${module.slice(1)}`, join(dirname(path), file)] as const]
          : []
      )
    }
  )
)

/** The files that a file loads, itself included. An import of types loads nothing. */
function loadedBy(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen
  seen.add(path)
  const text = files.find((file) => file.path === path)?.text ?? ''
  const values = text.replaceAll(/^(?:import|export) type [^;]*? from '[^']+'$/gm, '')
  for (const name of importsOf({ path, text: values })) {
    const source = name.startsWith('.')
      ? new URL(name, `file:///${path}`).pathname.slice(1)
      : exported.get(name)
    if (source === undefined) seen.add(name)
    else loadedBy(source, seen)
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
