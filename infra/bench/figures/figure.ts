/** What the numbers of a figure are. */
export type Unit = 'ratio' | 'µs' | 's' | 'MiB' | 'bytes' | 'count' | '%' | 'per second'

/** The value should not be above, or not below. */
export type Goal = { readonly atMost?: number; readonly atLeast?: number }

/** One figure, as it was measured. */
export type Figure = {
  /** constant: `npm run bench -- compare` finds the same figure of another run by it */
  readonly id: string
  readonly title: string
  readonly unit: Unit
  /** one value per round; none if it could not be measured */
  readonly rounds: readonly number[]
  /** null: the figure only explains others */
  readonly better: 'lower' | 'higher' | null
  readonly goal: Goal | null
  /** how it was measured, or why it was not */
  readonly how: string
}

type FigureOptions = Omit<Figure, 'better' | 'goal'> & Partial<Pick<Figure, 'better' | 'goal'>>

/** A figure that is better if it is lower, without a goal, unless the options say otherwise. */
export const figure = (options: FigureOptions): Figure => ({
  better: 'lower',
  goal: null,
  ...options
})

/** Each round's own value, divided by the other value of the same round. */
export const ratios = (own: readonly number[], other: readonly number[]): number[] =>
  own.map((value, round) => value / (other[round] ?? Number.NaN))
