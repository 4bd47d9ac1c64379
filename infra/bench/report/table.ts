import type { Figure } from '../figures/figure.ts'
import { formatGoal, formatSpread, formatValue, reaches } from '../figures/format-figure.ts'
import { median, spread } from '../figures/statistics.ts'

/** Rows below a head, in columns. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows]
  const widths = head.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0))
  )
  return lines
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)))
    .map((cells) => cells.join('   ').trimEnd())
    .join('\n')
}

/** The figures as a table: median, lowest and highest round, goal, and how it was measured. */
export const figureTable = (figures: readonly Figure[]): string =>
  table(['figure', 'median', 'rounds', 'goal', '', 'how'], figures.map(row))

function row({ title, unit, rounds, goal, how }: Figure): string[] {
  if (rounds.length === 0) return [title, '–', '', formatGoal(goal, unit), '', how]
  const value = median(rounds)
  const verdict = goal === null ? '' : reaches(value, goal) ? 'met' : 'missed'
  const range = formatSpread(spread(rounds), unit)
  return [title, formatValue(value, unit), range, formatGoal(goal, unit), verdict, how]
}
