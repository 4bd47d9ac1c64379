import t from 'tap'
import { importsOf, offences, sourceFiles } from './fixtures/source-files.ts'

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
