/** One figure: what was measured, the result, the target, and how it was measured. */
export type Row = {
  readonly figure: string
  readonly value: string
  readonly goal: string
  readonly how: string
}

/** The rows as a table for people. */
export function table(rows: readonly Row[]): string {
  const head: Row = { figure: 'figure', value: 'measured', goal: 'goal', how: 'how' }
  const columns = ['figure', 'value', 'goal', 'how'] as const
  const widths = columns.map((column) =>
    Math.max(...[head, ...rows].map((row) => row[column].length))
  )
  const line = (row: Row) =>
    columns
      .map((column, index) => row[column].padEnd(widths[index] ?? 0))
      .join('   ')
      .trimEnd()
  return [line(head), ...rows.map(line)].join('\n')
}

/** The median of several measurements. */
export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** The value below which this share of the measurements lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Number.NaN
}
