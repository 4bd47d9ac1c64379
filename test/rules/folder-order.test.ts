import t from 'tap'
import { importsOf, sourceFiles } from './fixtures/source-files.ts'

const files = sourceFiles()

/**
 * The folders of large workspaces, in the direction of their imports: each imports only
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
    'plain-requests',
    'arrival',
    'redis',
    'websocket',
    'forwarding',
    'stages',
    'request',
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
    'faults',
    'lifetimes.ts'
  ],
  'gateway/src/keys/': [
    'key-check.ts',
    'signing-keys.ts',
    'choose-key.ts',
    'find-key.ts',
    'fetching',
    'issuer-not-asked.ts',
    'key-sets',
    'algorithms.ts'
  ],
  'gateway/src/routes/': [
    'demand.ts',
    'error-form-of.ts',
    'service-path.ts',
    'table',
    'audience.ts',
    'takes-our-credentials.ts',
    'entry',
    'upstream'
  ],
  'gateway/src/tokens/': [
    'open-tokens.ts',
    'named-claims.ts',
    'token-metrics.ts',
    'access-token-verifier.ts',
    'is-expired.ts',
    'checks',
    'memory',
    'verified-token.ts',
    'written-identity.ts',
    'claims'
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
    'keys',
    'secrets',
    'revocations',
    'audit',
    'subscriptions',
    'outbox',
    'redis',
    'database',
    'telemetry'
  ],
  'services/auth/src/accounts/': [
    'imports',
    'credentials',
    'changes',
    'email-addresses',
    'passwords'
  ],
  'infra/ops/': [
    'main.ts',
    'run-command.ts',
    'commands.ts',
    'commands',
    'import',
    'instant.ts',
    'command.ts',
    'client',
    'terminal',
    'failures.ts'
  ],
  'internal/http-service/src/': ['closing', 'errors', 'turns', 'limits', 'bodies'],
  'internal/process/src/': ['life', 'workers', 'ops', 'probe', 'listening', 'start'],
  'internal/settings/src/': ['fragments', 'pem', 'reading', 'messages'],
  'services/auth/src/database/': ['postgres', 'sqlite', 'migrations'],
  'services/auth/src/mail/': ['transports', 'templates'],
  'services/auth/src/sessions/': [
    'open-sessions.ts',
    'sessions.ts',
    'begin-session.ts',
    'refresh-session.ts',
    'record-refresh.ts',
    'end-if-ended.ts',
    'session-state.ts',
    'list-sessions.ts',
    'ends',
    'durable',
    'refresh-metrics.ts',
    'refresh-event.ts',
    'grant.ts',
    'families',
    'authentication.ts',
    'device-label.ts',
    'if-possible.ts',
    'refresh-limit.ts',
    'refresh-token.ts',
    'requested-scope.ts',
    'session-refusals.ts',
    'session-settings.ts'
  ]
}

/** It has columns of types that other folders define. */
const tables = 'services/auth/src/database/tables.ts'

/** They put the folders of the auth service together, so no folder imports them. */
const assembly = /^(main|start|needed-rights|open-(stores|state|letters)|prepare-letters|listeners|app)\.ts$/

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
