import { readConfig as readAuth } from '@gatehouse/auth/config'
import { auditKinds } from '@gatehouse/auth/testing/audit/audit-event'
import { readConfig as readEcho } from '@gatehouse/echo/config'
import type { Fault } from '@gatehouse/fixtures/fault'
import { faults } from '@gatehouse/fixtures/faults'
import { readConfig as readGateway } from '@gatehouse/gateway/config'
import { ClaimNames, IssuerEntry } from '@gatehouse/gateway/issuers/issuer-entry'
import { RouteEntry } from '@gatehouse/gateway/routes/route'
import { readConfig as readOrders } from '@gatehouse/orders/config'
import { problems } from '@gatehouse/problem/codes'
import t from 'tap'
import { parse } from 'yaml'
import { alerts } from '../metrics/fixtures/metric-queries.ts'
import { filesBelow, read, sourceFiles } from '../rules/fixtures/source-files.ts'
import { reliabilityPage } from './reliability-page.ts'
import { routeVariables, settings, settingsPage } from './settings-page.ts'

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

t.test('docs/settings.md says what .env.example and the code say', async (t) => {
  const isCurrent = read('docs/settings.md') === settingsPage()
  t.ok(isCurrent, 'make it again: npx node test/docs/settings-page.ts > docs/settings.md')
})

t.test('docs/reliability.md says what the tests of faults assert', async (t) => {
  const isCurrent = read('docs/reliability.md') === reliabilityPage()
  t.ok(isCurrent, 'make it again: npx node test/docs/reliability-page.ts > docs/reliability.md')
  const names = alerts.map(({ alert }) => alert)
  const tests = filesBelow(['test', 'gateway', 'services', 'internal'], /\.test\.ts$/)
  const asserted = tests.map(({ text }) => text).join('\n')
  for (const [id, { endsWithinMs, alert, test }] of Object.entries<Fault>(faults)) {
    t.match(read(test), new RegExp(`faults\\.${id}\\b`), `${test} uses its bounds`)
    const ends = `(InTime\\(\\s*t,|Again\\(t, auth, token,)\\s*faults\\.${id}\\b`
    const isAsserted = new RegExp(`${ends}|faults\\.${id}\\.endsWithinMs`).test(asserted)
    t.equal(isAsserted, endsWithinMs !== null, `a test asserts how long ${id} lasts`)
    t.ok(alert === null || names.includes(alert), `${alert} exists`)
  }
})

t.test('no service takes a setting of another process for a misspelt one', async (t) => {
  const all = Object.fromEntries(
    Object.keys({ ...settings, ...routeVariables }).map((name) => [name, ''])
  )
  for (const read of [readAuth, readGateway]) t.strictSame(read(all).warnings, [])
  for (const read of [readOrders, readEcho]) t.doesNotThrow(() => read(all))
})

t.test('docs/routes.md describes every member of a route', async (t) => {
  const table = read('docs/routes.md').split('## Members of a route')[1]?.split('## ')[0] ?? ''
  const told = [...table.matchAll(/`([a-zA-Z]+)`(?=[^|]*\|[^|]*\|$)/gm)].map(([, name]) => name)
  const plain = ['name', 'prefix', 'upstream']
  t.strictSame([...told, ...plain].sort(), Object.keys(RouteEntry.properties).sort())
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

t.test('docs/ops.md explains every event of the audit log', async (t) => {
  const section = read('docs/ops.md').split('## The events of the audit log')[1]?.split('\n## ')[0]
  const told = [...(section ?? '').matchAll(/`([a-z]+(?:-[a-z]+)*)`(?=[^|]*\|$)/gm)]
  t.strictSame(told.map(([, kind]) => kind).sort(), [...auditKinds].sort())
})

t.test('every error code is used, and no other is', async (t) => {
  const text = sourceFiles()
    .map((file) => file.text)
    .join('\n')
  const used = new Set([...text.matchAll(/new Refusal\(\s*'([A-Z_]+)'/g)].map(([, code]) => code))
  t.strictSame([...used].sort(), Object.keys(problems).sort())
})

t.test('the dev container and the release use the image of CI', async (t) => {
  const { container: image } = parse(read('.github/workflows/ci.yml')).jobs.run
  t.equal(JSON.parse(read('.devcontainer/devcontainer.json')).image, image)
  t.equal(parse(read('.github/workflows/release.yml')).jobs.test.container, image)
})

t.test('.nvmrc names the Node.js that infra/runtime pins', async (t) => {
  const pinned: Record<string, string> = JSON.parse(
    read('infra/runtime/package.json')
  ).optionalDependencies
  t.strictSame([...new Set(Object.values(pinned))], [read('.nvmrc').trim()])
})

t.test('the two pictures of the README differ in their colours only', async (t) => {
  const [light, dark] = ['light', 'dark'].map((theme) =>
    read(`docs/pictures/overview-${theme}.svg`).replaceAll(/#[0-9a-f]{6}/g, '#')
  )
  t.equal(light, dark)
})
