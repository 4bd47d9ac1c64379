import { Histogram, type HistogramConfiguration } from 'prom-client'

/** The durations with the same labels. */
class Series {
  readonly labels: Readonly<Record<string, string>>
  /** how many fit into each bucket and into no smaller one */
  readonly counts: number[]
  readonly #bounds: readonly number[]
  sum = 0
  count = 0

  constructor(labels: Readonly<Record<string, string>>, bounds: readonly number[]) {
    this.labels = labels
    this.#bounds = bounds
    this.counts = bounds.map(() => 0)
  }

  observe(seconds: number): void {
    const bounds = this.#bounds
    this.sum += seconds
    this.count += 1
    let bucket = 0
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket += 1
    if (bucket < bounds.length) this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
  }
}

type Sample = {
  readonly metricName: string
  readonly labels: Record<string, string | number>
  readonly value: number
}

type DurationsOptions = HistogramConfiguration<string> & { readonly buckets: number[] }

/**
 * A histogram that finds its labels with one lookup. prom-client checks and sorts the labels of
 * each observation, which takes longer than to write the access log.
 */
export class Durations extends Histogram {
  readonly #series = new Map<string, Series>()
  /** what prom-client says of it without its samples */
  readonly #described: Histogram
  readonly #name: string
  readonly #buckets: readonly number[]

  constructor(options: DurationsOptions) {
    super(options)
    this.#described = new Histogram({ ...options, registers: [] })
    this.#name = options.name
    this.#buckets = options.buckets
  }

  /** @param key the same for the same labels, and another one for others */
  note(key: string, seconds: number, labels: () => Record<string, string>): void {
    let series = this.#series.get(key)
    if (series === undefined) {
      series = new Series(labels(), this.#buckets)
      this.#series.set(key, series)
    }
    series.observe(seconds)
  }

  override async get() {
    const values = [...this.#series.values()].flatMap((one) => this.#samplesOf(one))
    return { ...(await this.#described.get()), values }
  }

  override reset(): void {
    super.reset()
    // The constructor of prom-client calls `reset` before `#series` exists.
    if (#series in this) this.#series.clear()
  }

  /** prom-client calls this instead of `get` for the text format. */
  getForPromString() {
    return this.get()
  }

  #samplesOf({ labels, counts, sum, count }: Series): Sample[] {
    const bucket = `${this.#name}_bucket`
    let upTo = 0
    const samples: Sample[] = this.#buckets.map((le, index) => {
      upTo += counts[index] ?? 0
      return { metricName: bucket, labels: { le, ...labels }, value: upTo }
    })
    samples.push(
      { metricName: bucket, labels: { le: '+Inf', ...labels }, value: count },
      { metricName: `${this.#name}_sum`, labels: { ...labels }, value: sum },
      { metricName: `${this.#name}_count`, labels: { ...labels }, value: count }
    )
    return samples
  }
}
