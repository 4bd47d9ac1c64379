import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { authSettings } from '@gatehouse/auth/config'
import { echoSettings } from '@gatehouse/echo/config'
import { gatewaySettings } from '@gatehouse/gateway/config'
import { ClaimNames, IssuerEntry } from '@gatehouse/gateway/issuers/issuer-entry'
import { RouteRow } from '@gatehouse/gateway/routes/route'
import { commands } from '@gatehouse/ops/commands'
import { opsSettings } from '@gatehouse/ops/ops-client'
import { ordersSettings } from '@gatehouse/orders/config'
import { problems } from '@gatehouse/problem/codes'
import t from 'tap'
import { read, root, sourceFiles } from './source-files.ts'

const settings: Record<string, object> = {
  ...authSettings,
  ...gatewaySettings,
  ...ordersSettings,
  ...echoSettings,
  ...opsSettings
}

/** The variables that only gateway/routes.yaml reads. */
const routeVariables = Object.fromEntries(
  [...read('gateway/routes.yaml').matchAll(/\$\{([A-Z_]+):-([^}]*)\}/g)].map(([, name, value]) => [
    name,
    value
  ])
)

t.test('.env.example lists every setting with its default, and nothing else', async (t) => {
  const lines = [...read('.env.example').matchAll(/^(# )?([A-Z][A-Z0-9_]*)=(.*)$/gm)]
  const listed = new Map(
    lines.map(([, comment, name = '', value]) => [name, comment === undefined ? value : undefined])
  )
  const expected = { ...settings, ...routeVariables }
  t.strictSame([...listed.keys()].sort(), Object.keys(expected).sort(), 'the names')
  for (const [name, schema] of Object.entries(settings)) {
    const value = 'default' in schema ? String(schema.default) : undefined
    t.equal(listed.get(name), value, name)
  }
  for (const [name, value] of Object.entries(routeVariables)) t.equal(listed.get(name), value, name)
})

t.test('docs/routes.md describes every member of a route', async (t) => {
  const table = read('docs/routes.md').split('## Members of a route')[1]?.split('## ')[0] ?? ''
  const told = [...table.matchAll(/`([a-zA-Z]+)`(?=[^|]*\|[^|]*\|$)/gm)].map(([, name]) => name)
  const plain = ['name', 'prefix', 'upstream']
  t.strictSame([...told, ...plain].sort(), Object.keys(RouteRow.properties).sort())
})

t.test('docs/issuers.md names every member of an issuer and of its claims', async (t) => {
  const membersIn = (section: string) => {
    const table = read('docs/issuers.md').split(section)[1]?.split('\n## ')[0] ?? ''
    return [...table.matchAll(/^\| `([a-zA-Z]+)` \|/gm)].map(([, name]) => name).sort()
  }
  const entry = Object.keys(IssuerEntry.properties).sort()
  t.strictSame(membersIn('## What an entry can say'), entry)
  t.strictSame(membersIn('## Which claim says what'), Object.keys(ClaimNames.properties).sort())
})

t.test('docs/errors.md and the code name the same errors', async (t) => {
  const rows = [
    ...read('docs/errors.md').matchAll(/^\| `([A-Z_]+)` +\| ([\d, ]+?) +\| (yes|no) +\|/gm)
  ]
  const documented = Object.fromEntries(
    rows.map(([, code, statuses, retryable]) => [
      code,
      { statuses: statuses?.split(', ').map(Number), retryable: retryable === 'yes' }
    ])
  )
  const coded = Object.fromEntries(
    Object.entries(problems).map(([code, { statuses, retryable }]) => [
      code,
      { statuses: [...statuses], retryable }
    ])
  )
  t.strictSame(documented, coded)
})

t.test('every error code is used, and no other is', async (t) => {
  const text = sourceFiles()
    .map((file) => file.text)
    .join('\n')
  const used = new Set([...text.matchAll(/new Refusal\(\s*'([A-Z_]+)'/g)].map(([, code]) => code))
  t.strictSame([...used].sort(), Object.keys(problems).sort())
})

t.test('the README names commands that there are', async (t) => {
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts)
  const named = [...read('README.md').matchAll(/`?npm (?:run )?(?:-s )?([a-z]+)[` ]/g)]
    .map(([, name]) => name ?? '')
    .filter((name) => name !== 'install')
  t.ok(named.length > 1, 'it names some')
  for (const name of named) t.ok(scripts.includes(name), `npm ${name}`)
})

t.test('every link of the documents leads to a file', async (t) => {
  const documents = [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'CHANGELOG.md'
  ]
  for (const document of documents) {
    const links = [...read(document).matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
    for (const [, link = ''] of links) t.ok(existsSync(join(root, link)), `${document}: ${link}`)
  }
})

t.test('the documents name operator’s commands that there are', async (t) => {
  const documents = ['README.md', 'docs/ops.md', 'SECURITY.md']
  const typed = documents.flatMap((document) => [
    ...read(document).matchAll(/npm run (?:-s )?ops -- ([a-z]+(?: [a-z]+)?)/g)
  ])
  t.ok(typed.length > 3, 'they name some')
  for (const [, words = ''] of typed) {
    t.ok(
      commands.some(({ name }) => words === name || words.startsWith(`${name} `)),
      words
    )
  }
})
