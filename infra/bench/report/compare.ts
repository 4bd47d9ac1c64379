import type { Unit } from '../figures/figure.ts'
import { formatSpread, formatValue } from '../figures/format-figure.ts'
import type { Spread } from '../figures/statistics.ts'
import { type Recorded, type Results, sameMachine } from './results.ts'
import { table } from './table.ts'

type Verdict = 'better' | 'worse' | 'same' | 'not comparable' | 'new' | 'missing'

type Compared = {
  readonly title: string
  readonly unit: Unit
  readonly before: Recorded | null
  readonly after: Recorded | null
  readonly verdict: Verdict
}

/** Depends on the machine; ratios, counts, bytes and shares do not. */
const OF_THE_MACHINE: ReadonlySet<Unit> = new Set(['µs', 's', 'MiB', 'per second'])

/** By how much a figure of one round may differ. The bytes of two equal stores do. */
const NOISE_OF_ONE = 0.01

/**
 * Compares two results of the benchmark. A figure is worse if all its rounds are worse than every
 * round before: with five rounds each, equal programs differ like that in 0.4 % of comparisons
 * (the rank test of Mann and Whitney). A difference inside the spread is not a difference.
 */
export function compare(before: Results, after: Results): Compared[] {
  const isSameMachine = sameMachine(before.machine, after.machine)
  return suitesOfBoth(before, after).flatMap((name) => {
    const [old, now] = [figuresById(before, name), figuresById(after, name)]
    return [...new Set([...now.keys(), ...old.keys()])].flatMap((id) => {
      const [one = null, other = null] = [old.get(id), now.get(id)]
      const verdict = judge(noise(one), noise(other), other ?? one, isSameMachine)
      const described = other ?? one
      if (described === null || verdict === null) return []
      const { title, unit } = described
      return [{ title, unit, before: one, after: other, verdict }]
    })
  })
}

/** The names of the suites that were measured both times. Others are not compared. */
export const suitesOfBoth = (before: Results, after: Results): string[] =>
  Object.keys(after.suites).filter((name) => Object.hasOwn(before.suites, name))

const figuresById = ({ suites }: Results, name: string): Map<string, Recorded> =>
  new Map((suites[name]?.figures ?? []).map((figure) => [figure.id, figure]))

/** @returns null for a figure that only explains others, or that was measured neither time */
function judge(
  old: Spread | null,
  now: Spread | null,
  described: Recorded | null,
  isSameMachine: boolean
): Verdict | null {
  const better = described?.better ?? null
  if (described === null || better === null || (old === null && now === null)) return null
  if (old === null) return 'new'
  if (now === null) return 'missing'
  if (OF_THE_MACHINE.has(described.unit) && !isSameMachine) return 'not comparable'
  if (now.min > old.max) return better === 'higher' ? 'better' : 'worse'
  if (now.max < old.min) return better === 'higher' ? 'worse' : 'better'
  return 'same'
}

/** Where the figure lies by its noise; null if it was not measured. */
function noise(figure: Recorded | null): Spread | null {
  if (figure === null || figure.spread === null) return null
  const [only] = figure.rounds
  if (figure.rounds.length > 1 || only === undefined) return figure.spread
  return { min: only * (1 - NOISE_OF_ONE), max: only * (1 + NOISE_OF_ONE) }
}

/** The comparison for a person: first what is worse, and at the end what is the same. */
export function comparisonTable(compared: readonly Compared[]): string {
  const order: readonly Verdict[] = ['worse', 'missing', 'better', 'new', 'not comparable', 'same']
  const rows = [...compared].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
  return table(
    ['figure', 'before', 'its rounds', 'after', 'its rounds', 'change', ''],
    rows.map(({ title, before, after, verdict }) => [
      title,
      ...cells(before),
      ...cells(after),
      change(before, after),
      verdict
    ])
  )
}

const cells = (figure: Recorded | null): [string, string] =>
  figure === null || figure.median === null || figure.spread === null
    ? ['–', '']
    : [formatValue(figure.median, figure.unit), formatSpread(figure.spread, figure.unit)]

function change(before: Recorded | null, after: Recorded | null): string {
  const [old, now] = [before?.median ?? 0, after?.median ?? Number.NaN]
  if (old === 0 || Number.isNaN(now)) return ''
  const percent = 100 * (now / old - 1)
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(0)} %`
}
