import { AggregatorRegistry } from 'prom-client'
import type { MetricSnapshot } from '../messages.ts'

type Metric = MetricSnapshot[number]

/**
 * The metrics of a primary process and its workers, as one process would have them. Each metric is
 * merged as its `aggregator` says: the sum, unless its definition names another one.
 * @param own of the primary process
 * @param workers those of its live workers, and the counts of the ended ones (`addedCounts`)
 * @returns the Prometheus text format
 */
export const mergedMetrics = (
  own: MetricSnapshot,
  { alive, ended }: { readonly alive: readonly MetricSnapshot[]; readonly ended: MetricSnapshot }
): Promise<string> =>
  AggregatorRegistry.aggregate([
    own.map(ofPrimary),
    ...alive.map((metrics) => metrics.map(ofWorker)),
    ended
  ]).metrics()

/**
 * Adds up what workers have counted. Sums must never decrease when a worker ends: Prometheus would
 * take that for a restart, and count everything again.
 */
export function addedCounts(before: MetricSnapshot, last: MetricSnapshot): MetricSnapshot {
  const added = AggregatorRegistry.aggregate([before, last.filter(isCount)])
  // Merged metrics have their values, which the types of prom-client do not say.
  return added.getMetricsAsArray() as MetricSnapshot
}

/** The types of prom-client declare a number, but it is the name. */
const isCount = ({ type }: Metric): boolean => ['counter', 'histogram'].includes(String(type))

/** Node.js' averages are of the lag of event loops, and would hide one worker that lags. */
const ofWorker = (metric: Metric): Metric =>
  aggregatorOf(metric) === 'average' ? { ...metric, aggregator: 'max' } : metric

/** The start of the primary process is the start of all. */
const ofPrimary = (metric: Metric): Metric =>
  aggregatorOf(metric) === 'omit' ? { ...metric, aggregator: 'first' } : ofWorker(metric)

const aggregatorOf = ({ aggregator }: Metric): string => String(aggregator)
