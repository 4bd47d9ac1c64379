import { readdirSync } from 'node:fs'
import { parser } from '@prometheus-io/lezer-promql'
import { parse } from 'yaml'
import { read, root } from './source-files.ts'

/** A query of Prometheus and where it stands. */
export type Query = { readonly place: string; readonly text: string }

/** A metric and the labels by which a query selects or groups it. */
type Selected = { readonly metric: string; readonly labels: readonly string[] }

type Alert = {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: Readonly<Record<'summary' | 'guarantee' | 'runbook_url', string>>
}

const folder = 'infra/observability'

export const alerts = (
  parse(read(`${folder}/alerts.yml`)) as { groups: { rules: Alert[] }[] }
).groups.flatMap(({ rules }) => rules)

/** The panels of the dashboard and its annotations. What Grafana replaces has a value. */
export function dashboardQueries(): Query[] {
  const dashboard = read(`${folder}/dashboard.json`)
  const { panels } = JSON.parse(dashboard) as {
    panels: { title: string; targets?: { expr: string }[] }[]
  }
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      place: `dashboard: ${title}`,
      text: expr.replaceAll('$__rate_interval', '5m')
    }))
  )
}

/** A metric as docs/metrics.md describes it. */
type DocumentedMetric = { readonly metric: string; readonly unit: string; readonly query: Query }

export const metricTable: readonly DocumentedMetric[] = [
  ...read('docs/metrics.md').matchAll(/^\| `(\w+)` \| ([^|]+) \| [^|]+ \| `([^`]+)` \|$/gm)
].map(([, metric = '', unit = '', text = '']) => ({
  metric,
  unit,
  query: { place: `docs: ${metric}`, text }
}))

/** Every query of the repository: of the dashboard, the alerts, and the page on metrics. */
export function queries(): Query[] {
  const page = read('docs/metrics.md').split('## More queries')[1] ?? ''
  const documented = [...page.matchAll(/^\| ([^|`]+) \| `(.+)` \|$/gm)]
  return [
    ...metricTable.map(({ query }) => query),
    ...dashboardQueries(),
    ...alerts.map(({ alert, expr }) => ({ place: `alert: ${alert}`, text: expr })),
    ...documented.map(([, question = '', text = '']) => ({ place: `docs: ${question}`, text }))
  ]
}

/**
 * What a query selects.
 * @throws Error with the query, if it is not PromQL
 */
export function selectedBy({ place, text }: Query): Selected[] {
  const selected: { metric: string; labels: string[] }[] = []
  const grouping: string[] = []
  let isGrouping = false
  parser.parse(text).iterate({
    enter(node) {
      const word = text.slice(node.from, node.to)
      if (node.type.isError) throw new Error(`${place}: not PromQL near "${word}" in ${text}`)
      if (node.name === 'VectorSelector') selected.push({ metric: '', labels: [] })
      const last = selected.at(-1)
      if (node.name === 'Identifier' && last !== undefined) last.metric = word
      if (node.name === 'GroupingLabels') isGrouping = true
      if (node.name !== 'LabelName') return
      if (isGrouping) grouping.push(word)
      else last?.labels.push(word)
    },
    leave(node) {
      if (node.name === 'GroupingLabels') isGrouping = false
    }
  })
  return selected.map(({ metric, labels }) => ({ metric, labels: [...labels, ...grouping] }))
}

/** A directive of nginx and a claim, which look like metrics of the auth service. */
const NO_METRICS = ['auth_request', 'auth_time']

/** The metrics that the documents name, with the page. */
export function documentedMetrics(): { page: string; metric: string }[] {
  const pages = readdirSync(`${root}/docs`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
  return pages
    .flatMap((page) =>
      [...read(page).matchAll(/`((?:gateway|auth|nodejs|process)_[a-z_]+[a-z])`/g)].map(
        ([, metric = '']) => ({ page, metric })
      )
    )
    .filter(({ metric }) => !NO_METRICS.includes(metric))
}
