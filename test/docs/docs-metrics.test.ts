import t from 'tap'
import { metricTable, selectedBy } from '../metrics/fixtures/metric-queries.ts'
import { read, sourceFiles } from '../rules/fixtures/source-files.ts'

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
