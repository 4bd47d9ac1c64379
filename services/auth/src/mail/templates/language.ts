/**
 * The first available language in the reader's order of preference (the lookup of RFC 4647 §3.4:
 * `de-AT` also finds `de`).
 * @param header `Accept-Language` (RFC 9110 §12.5.4)
 * @param available tags in lower case
 */
export function languageOf(
  header: string | undefined,
  available: ReadonlySet<string>,
  fallback: string
): string {
  for (const range of rangesOf(header ?? '')) {
    if (range === '*') return fallback
    const found = lookUp(range, available)
    if (found !== null) return found
  }
  return fallback
}

/** more than any browser sends */
const LONGEST_HEADER = 500

/** The ranges, the preferred ones first. A range of weight 0 is not wanted. */
function rangesOf(header: string): string[] {
  return header
    .slice(0, LONGEST_HEADER)
    .toLowerCase()
    .split(',')
    .map((entry) => {
      const [range = '', ...parameters] = entry.split(';').map((part) => part.trim())
      const weight = parameters.find((parameter) => parameter.startsWith('q='))
      return { range, weight: weight === undefined ? 1 : Number(weight.slice(2)) }
    })
    .filter(({ range, weight }) => range !== '' && weight > 0)
    .toSorted((one, other) => other.weight - one.weight)
    .map(({ range }) => range)
}

function lookUp(range: string, available: ReadonlySet<string>): string | null {
  const subtags = range.split('-')
  while (subtags.length > 0) {
    const tag = subtags.join('-')
    if (available.has(tag)) return tag
    subtags.pop()
  }
  return null
}
