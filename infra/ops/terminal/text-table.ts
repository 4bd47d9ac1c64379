import { shown } from './terminal-text.ts'

/**
 * Rows under their headings, with columns as wide as needed. The content cannot control the
 * terminal.
 */
export function textTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[]
): string {
  const lines = [headings, ...rows.map((row) => row.map(shown))]
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0))
  )
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()
    )
    .join('\n')
}
