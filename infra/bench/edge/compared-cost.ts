import { median } from '../table.ts'

const ROUNDS = 5

/** The processor time of one request, and of what it is compared with, in microseconds. */
type Costs = { readonly own: number; readonly other: number }

type Comparison = {
  /** what is measured, for the person who waits */
  readonly what: string
  readonly tell: (line: string) => void
  /** measures both, one after the other */
  readonly round: () => Promise<Costs>
}

/** Compares two costs in several rounds, so that a change of the machine's speed affects both. */
export async function comparedCost({ what, tell, round }: Comparison) {
  const costs: number[] = []
  const ratios: number[] = []
  for (let number = 0; number <= ROUNDS; number += 1) {
    tell(`${what}, round ${number} of ${ROUNDS} …`)
    const { own, other } = await round()
    // The first round only warms up.
    if (number === 0) continue
    costs.push(own)
    ratios.push(own / other)
  }
  return {
    cost: `${median(costs).toFixed(0)} µs`,
    ratio: median(ratios).toFixed(2),
    how: `${ROUNDS} rounds in turns`
  }
}
