/** The counts of a gateway at one time. */
export type Sample = {
  /** milliseconds since 1970 */
  readonly atMs: number
  readonly requests: number
  readonly refusals: number
  readonly serverErrors: number
}

/** What a gateway does, from its counts at several times. */
export type Load = {
  /** the newest ones, the oldest first */
  readonly samples: readonly Sample[]
  /** requests per second, at the times of the samples */
  readonly rates: readonly number[]
}

/** How many rates are kept. */
export const MOST_RATES = 40
/** A gateway announces its counts every two seconds, so shorter windows would jump. */
const WINDOW_MS = 8000
const MOST_SAMPLES = 20

/** Adds a sample, unless there is one of the same time. Pure. */
export function withSample(load: Load | null, sample: Sample): Load {
  const before = load?.samples ?? []
  if (load !== null && (before.at(-1)?.atMs ?? 0) >= sample.atMs) return load
  const samples = [...before, sample].slice(-MOST_SAMPLES)
  const first = windowStart(samples)
  if (first === sample) return { samples, rates: load?.rates ?? [] }
  const seconds = (sample.atMs - first.atMs) / 1000
  const rate = Math.max(0, sample.requests - first.requests) / seconds
  return { samples, rates: [...(load?.rates ?? []), rate].slice(-MOST_RATES) }
}

/** The newest sample that is older than the window, or the oldest of all. */
function windowStart(samples: readonly Sample[]): Sample {
  const [newest] = samples.slice(-1)
  const [oldest] = samples
  if (newest === undefined || oldest === undefined) throw new Error('there is no sample')
  return samples.findLast(({ atMs }) => newest.atMs - atMs >= WINDOW_MS) ?? oldest
}

/** Requests per second now; null: not known yet. */
export const rateOf = (load: Load | undefined): number | null => load?.rates.at(-1) ?? null

/** A count since the page was opened, or in the last minute; null: not known yet. */
export function recentOf(load: Load | undefined, name: 'refusals' | 'serverErrors'): number | null {
  const [oldest] = load?.samples ?? []
  const newest = load?.samples.at(-1)
  if (oldest === undefined || newest === undefined || oldest === newest) return null
  return Math.max(0, newest[name] - oldest[name])
}
