import { type Figure, figure, ratios } from '../../figures/figure.ts'
import type { Run } from '../../figures/run.ts'
import { settled } from '../../settled.ts'

/** The processor time of one request, and of what it is compared with, in microseconds. */
type Costs = { readonly own: number; readonly other: number }

type Comparison = {
  /** what is measured, for the person who waits */
  readonly what: string
  /** the cost itself */
  readonly cost: Pick<Figure, 'id' | 'title' | 'how'>
  /** its ratio to the other cost */
  readonly ratio: Pick<Figure, 'id' | 'title' | 'goal'>
  /** measures both, one after the other */
  readonly round: () => Promise<Costs>
}

/** Compares two costs in several rounds, so that a change of the machine's speed affects both. */
export async function comparedCost(run: Run, comparison: Comparison): Promise<Figure[]> {
  const { what, round, cost, ratio } = comparison
  const own: number[] = []
  const other: number[] = []
  await settled(run)
  for (let number = 0; number <= run.rounds; number += 1) {
    run.tell(`${what}, round ${number} of ${run.rounds} …`)
    const costs = await round()
    // The first round only warms up.
    if (number === 0) continue
    own.push(costs.own)
    other.push(costs.other)
  }
  return [
    figure({ ...cost, unit: 'µs', rounds: own }),
    figure({
      ...ratio,
      unit: 'ratio',
      rounds: ratios(own, other),
      how: 'both in each round, alternately'
    })
  ]
}
