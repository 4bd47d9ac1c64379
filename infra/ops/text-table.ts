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

/**
 * Escapes control characters and characters that change the direction of the text, as in source
 * code.
 */
export const shown = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return `\\u{${code.toString(16)}}`
  })
