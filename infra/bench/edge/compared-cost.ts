import { median, type Row } from '../table.ts'

const ROUNDS = 5

/** The processor time of one request, and of what it is compared with, in microseconds. */
type Costs = { readonly own: number; readonly other: number }

type Comparison = {
  /** what is measured, for the person who waits */
  readonly what: string
  readonly tell: (line: string) => void
  /** the row of the cost itself */
  readonly cost: Pick<Row, 'figure' | 'how'>
  /** the row of its ratio to the other cost */
  readonly ratio: Pick<Row, 'figure' | 'goal'>
  /** measures both, one after the other */
  readonly round: () => Promise<Costs>
}

/** Compares two costs in several rounds, so that a change of the machine's speed affects both. */
export async function comparedCost(comparison: Comparison): Promise<Row[]> {
  const { what, tell, round, cost, ratio } = comparison
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
  return [
    { ...cost, value: `${median(costs).toFixed(0)} µs`, goal: '' },
    { ...ratio, value: median(ratios).toFixed(2), how: `${ROUNDS} rounds in turns` }
  ]
}
