import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { readConfig as readAuth } from '@gatehouse/auth/config'
import { auditKinds } from '@gatehouse/auth/testing/audit/audit-event'
import { readConfig as readEcho } from '@gatehouse/echo/config'
import { type Fault, faults } from '@gatehouse/fixtures/faults'
import { readConfig as readGateway } from '@gatehouse/gateway/config'
import { ClaimNames, IssuerEntry } from '@gatehouse/gateway/issuers/issuer-entry'
import { RouteEntry } from '@gatehouse/gateway/routes/route'
import { commands } from '@gatehouse/ops/testing/commands'
import { readConfig as readOrders } from '@gatehouse/orders/config'
import { problems } from '@gatehouse/problem/codes'
import t from 'tap'
import { parse } from 'yaml'
import { alerts, metricTable, selectedBy } from './metric-queries.ts'
import { reliabilityPage } from './reliability-page.ts'
import { routeVariables, settings, settingsPage } from './settings-page.ts'
import { read, root, sourceFiles } from './source-files.ts'

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
  t.ok(isCurrent, 'make it again: npx node test/settings-page.ts > docs/settings.md')
})

t.test('docs/reliability.md says what the tests of faults assert', async (t) => {
  const isCurrent = read('docs/reliability.md') === reliabilityPage()
  t.ok(isCurrent, 'make it again: npx node test/reliability-page.ts > docs/reliability.md')
  const names = alerts.map(({ alert }) => alert)
  for (const [id, { alert, test, lost }] of Object.entries<Fault>(faults)) {
    t.match(read(test), new RegExp(`faults\\.${id}\\b`), `${test} asserts it`)
    t.ok(alert === null || names.includes(alert), `${alert} exists`)
    t.ok(lost >= 0)
  }
})

t.test('docs/metrics.md names every metric, and no other', async (t) => {
  const text = sourceFiles()
    .filter((file) => file.text.includes("from 'prom-client'"))
    .map((file) => file.text)
    .join('\n')
  // A name may be a template, such as `${service}_redis_connected`.
  const names = [...text.matchAll(/['`]((?:gateway|auth|\$\{service\})_[a-z_${}]+)['`]/g)]
  const coded = names.map(
    ([, name = '']) => new RegExp(`^${name.replaceAll(/\$\{\w+\}/g, '[a-z]+')}$`)
  )
  const documented = metricTable
    .map(({ metric }) => metric)
    .filter((metric) => /^(gateway|auth)_/.test(metric))
  const unknown = documented.filter((name) => !coded.some((pattern) => pattern.test(name)))
  t.strictSame(unknown, [], 'no other')
  const missing = coded.filter((pattern) => !documented.some((name) => pattern.test(name)))
  t.strictSame(missing, [], 'every one')
})

t.test('docs/metrics.md says how workers merge each gauge that is not a sum', async (t) => {
  const coded: Record<string, string[]> = { max: [], min: [], first: [] }
  for (const { text } of sourceFiles()) {
    if (!text.includes("from 'prom-client'")) continue
    for (const definition of text.split(/(?=\bname: ['`])/)) {
      const [, name] = /^name: ['`]([\w${}]+)['`]/.exec(definition) ?? []
      const [, how] = /\baggregator: '(\w+)'/.exec(definition) ?? []
      if (name !== undefined && how !== undefined) coded[how]?.push(name)
    }
  }
  const page = read('docs/metrics.md').split('## With several workers')[1]?.split('\n## ')[0] ?? ''
  const documented = (title: string) => {
    const [, cell = ''] = new RegExp(`^\\| ${title} \\| (.*) \\|$`, 'm').exec(page) ?? []
    return [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)
  }
  const both = ['gateway', 'auth']
  for (const [how, title] of [
    ['max', 'maximum'],
    ['min', 'minimum'],
    ['first', 'of the primary process']
  ] as const) {
    const names = (coded[how] ?? []).flatMap((name) =>
      name.includes('$') ? both.map((service) => name.replace(/\$\{\w+\}/, service)) : [name]
    )
    t.ok(names.length > 0)
    t.strictSame(documented(title).sort(), [...new Set(names)].sort(), how)
  }
})

t.test('docs/metrics.md gives each metric the unit of its name, and a query for it', async (t) => {
  const page = read('docs/metrics.md')
  t.equal([...page.matchAll(/^\| `\w+_\w+` \|.*\| `/gm)].length, metricTable.length, 'all are read')
  for (const { metric, unit, query } of metricTable) {
    const [named] = /seconds(?=_total$|$)|bytes$/.exec(metric) ?? []
    t.match(unit, named ?? /./, `${metric}: ${unit}`)
    const asked = selectedBy(query).map((one) => one.metric.replace(/_(bucket|count|sum)$/, ''))
    t.ok(asked.includes(metric), `${metric}: ${query.text}`)
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

t.test('the README names commands that there are', async (t) => {
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts)
  const named = [...read('README.md').matchAll(/`?npm (?:run )?(?:-s )?([a-z]+)[` ]/g)]
    .map(([, name]) => name ?? '')
    .filter((name) => name !== 'install')
  t.ok(named.length > 1, 'it names some')
  for (const name of named) t.ok(scripts.includes(name), `npm ${name}`)
})

const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => join('docs', name))
const topPages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']

/** The anchors of a page, as GitHub makes them from its headings. */
const anchorsOf = (page: string): string[] =>
  [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
  )

/** The links of a page within the repository: from its root, with the anchor. */
const linksOf = (page: string): { target: string; anchor: string | undefined }[] =>
  [...read(page).matchAll(/(?:\]\(|src(?:set)?=")(?!https?:)([^)"#]*)(?:#([^)"]*))?[)"]/g)].map(
    ([, path = '', anchor]) => ({ target: path === '' ? page : join(dirname(page), path), anchor })
  )

t.test('every link of the documents leads to a file and a heading', async (t) => {
  for (const page of [...topPages, ...pages]) {
    const dead = linksOf(page).filter(({ target, anchor }) => {
      if (!existsSync(join(root, target))) return true
      return anchor !== undefined && !anchorsOf(target).includes(anchor)
    })
    t.strictSame(dead, [], page)
  }
})

t.test('docs/README.md links every page exactly once', async (t) => {
  const index = join('docs', 'README.md')
  const expected = [...topPages, ...pages].filter((page) => page !== index && page !== 'README.md')
  const linked = linksOf(index).map(({ target }) => relative('', target))
  t.strictSame(linked.sort(), expected.sort())
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

t.test('the documents name operator’s commands that there are', async (t) => {
  const typed = [...topPages, ...pages].flatMap((document) => [
    ...read(document).matchAll(/npm run (?:-s )?ops -- ([a-z]+(?: [a-z][a-z-]*)?)/g)
  ])
  t.ok(typed.length > 3, 'they name some')
  for (const [, words = ''] of typed) {
    t.ok(
      commands.some(({ name }) => words === name || words.startsWith(`${name} `)),
      words
    )
  }
})
