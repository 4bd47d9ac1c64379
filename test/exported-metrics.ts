import type { RunningService } from '@gatehouse/process/running-service'

/** A sample as a process exports it. */
type Sample = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What processes export: the type of each metric, and the samples of all processes. */
export type Exported = {
  readonly types: ReadonlyMap<string, string>
  readonly samples: readonly Sample[]
}

/** Asks ops listeners for their metrics. */
export async function exported(opsUrls: readonly string[]): Promise<Exported> {
  const pages = await Promise.all(
    opsUrls.map(async (url) => (await fetch(`${url}/metrics`)).text())
  )
  const text = pages.join('\n')
  const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)]
  return {
    types: new Map(types.map(([, name = '', type = '']) => [name, type])),
    samples: [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(
      ([, name = '', labels = '', value]) => ({
        name,
        labels: labelsOf(labels),
        value: Number(value)
      })
    )
  }
}

const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', value = '']) => [
      label,
      value
    ])
  )

/** Values by metric and labels: `auth_refresh_total rotated`. */
export type Values = Readonly<Record<string, number>>

/** The values of counters, and how often histograms observed something. */
export const countsOf = ({ types, samples }: Exported): Values =>
  summed(
    samples.flatMap((sample) => {
      const metric = sample.name.replace(/_count$/, '')
      if (types.get(metric) === 'histogram') return [{ ...sample, name: metric }]
      return types.get(sample.name) === 'counter' ? [sample] : []
    })
  )

/** The values of gauges. */
export const gaugesOf = ({ types, samples }: Exported): Values =>
  summed(samples.filter(({ name }) => types.get(name) === 'gauge'))

/** What has been counted between two times. */
export const counted = (before: Values, after: Values): Values =>
  Object.fromEntries(
    Object.entries(after)
      .map(([series, value]) => [series, value - (before[series] ?? 0)] as const)
      .filter(([, difference]) => difference !== 0)
  )

function summed(samples: readonly Sample[]): Values {
  const values: Record<string, number> = {}
  for (const { name, labels, value } of samples) {
    const series = [name, ...Object.values(labels)].join(' ')
    values[series] = (values[series] ?? 0) + value
  }
  return values
}

/** The metrics that a service exports only with several workers. */
export const workerMetrics = ['gateway', 'auth'].flatMap((service) => [
  `${service}_workers`,
  `${service}_workers_configured`,
  `${service}_worker_restarts_total`
])

/** The metrics that a service exports only with Redis or with PostgreSQL, and their labels. */
export const storeMetrics: Readonly<Record<string, readonly string[]>> = {
  auth_database_calls_waiting: [],
  auth_database_connections: [],
  auth_database_connections_idle: [],
  auth_database_connections_limit: [],
  auth_redis_connected: ['connection'],
  auth_redis_connections_made_total: ['connection'],
  auth_revocation_heartbeat_age_seconds: [],
  gateway_redis_connected: ['connection'],
  gateway_redis_connections_made_total: ['connection']
}

/** The labels that the metrics of these services declare, also of metrics without a sample. */
export function declaredLabels(
  services: readonly Pick<RunningService, 'metrics'>[]
): Map<string, readonly string[]> {
  const metrics = services.flatMap(({ metrics }) => metrics?.getMetricsAsArray() ?? [])
  return new Map(
    metrics.map((metric) => {
      // The types of prom-client do not have the names of the labels.
      const { name, type, labelNames } = metric as typeof metric & { labelNames: string[] }
      return [name, String(type) === 'histogram' ? [...labelNames, 'le'] : labelNames]
    })
  )
}
