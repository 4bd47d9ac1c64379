/** The median of several measurements. */
export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** The value below which this share of the measurements lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Number.NaN
}

/** Between which values the rounds lie. */
export type Spread = { readonly min: number; readonly max: number }

export const spread = (values: readonly number[]): Spread => ({
  min: Math.min(...values),
  max: Math.max(...values)
})
