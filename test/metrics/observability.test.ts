import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { missingProgram } from '@gatehouse/fixtures/missing-program'
import t from 'tap'
import { parse } from 'yaml'
import { read, root } from '../rules/fixtures/source-files.ts'
import { alerts, dashboardQueries } from './fixtures/metric-queries.ts'

const cwd = join(root, 'infra/observability')

const skip = missingProgram('promtool', '--version')
const promtool = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)('promtool', args, { cwd })).stdout

t.test('Prometheus takes its configuration and the alerts', { skip }, async (t) => {
  t.match(await promtool('check', 'config', 'prometheus.yml'), `${alerts.length} rules found`)
  const secured = ['--syntax-only', 'prometheus-tls.yml']
  t.match(await promtool('check', 'config', ...secured), 'is valid prometheus config')
})

t.test('every alert fires when it should, and only then', { skip }, async (t) => {
  t.match(await promtool('test', 'rules', 'alerts.test.yml'), 'SUCCESS')
})

t.test('every alert has a time at which it fires and one at which all are silent', async (t) => {
  const { tests } = parse(read('infra/observability/alerts.test.yml')) as {
    tests: { promql_expr_test: { exp_samples?: { labels: string }[] }[] }[]
  }
  const fired = tests.map(({ promql_expr_test: [silent, firing] }) => {
    t.equal(silent?.exp_samples, undefined)
    return firing?.exp_samples?.map(({ labels }) => /alertname="(\w+)"/.exec(labels)?.[1])
  })
  t.strictSame(
    fired,
    alerts.map(({ alert }) => [alert])
  )
})

t.test('docs/alerts.md has every alert with its severity, guarantee and runbook', async (t) => {
  const rows = [
    ...read('docs/alerts.md').matchAll(
      /^\| `(\w+)` \| (\w+) \| (.+?) \| \[.+\]\((runbooks\/[a-z-]+\.md)\) \|$/gm
    )
  ]
  const documented = rows.map(([, alert, severity, guarantee, runbook]) => ({
    alert,
    severity,
    guarantee,
    runbook: `docs/${runbook}`
  }))
  const coded = alerts.map(({ alert, labels, annotations }) => ({
    alert,
    severity: labels.severity,
    guarantee: annotations.guarantee,
    runbook: annotations.runbook_url
  }))
  t.strictSame(documented, coded)
  for (const { runbook } of coded) t.ok(existsSync(join(root, runbook)), runbook)
})

t.test('the dashboard has a section for each subject, and every panel has a query', async (t) => {
  type Panel = { id: number; type: string; title: string; targets?: unknown[] }
  const { panels } = JSON.parse(read('infra/observability/dashboard.json')) as { panels: Panel[] }
  const sections = panels.filter(({ type }) => type === 'row').map(({ title }) => title)
  const expected = [
    'Traffic',
    'Tokens',
    'Sessions',
    'Stores',
    'Keys',
    'Revocation',
    'Upstreams',
    'Runtime'
  ]
  t.strictSame(sections, expected)
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length, 'no id is used twice')
  const empty = panels.filter(({ type, targets }) => type !== 'row' && targets?.length === 0)
  t.strictSame(empty, [])
  t.ok(dashboardQueries().length >= panels.length - sections.length)
})
