/** A row that somebody has altered may have any content, and must still be shown. */

/** The details of a stored event. */
export function storedDetail(text: string): Readonly<Record<string, unknown>> {
  try {
    const detail: unknown = JSON.parse(text)
    if (typeof detail === 'object' && detail !== null) return { ...detail }
  } catch {}
  return { unreadable: text }
}

/** When a stored event happened: ISO 8601, or the number if it is no time. */
export function storedInstant(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString()
}

/** The same details with numbers and texts only, as all events have them. */
export const plainDetail = (
  detail: Readonly<Record<string, unknown>>
): Record<string, number | string> =>
  Object.fromEntries(
    Object.entries(detail).map(([name, value]) => [
      name,
      typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value)
    ])
  )
