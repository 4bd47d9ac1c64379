/** The first letters of a name that count as a short form of it: `prod` for `production`. */
const SHORTEST_BEGINNING = 4

/** In a shorter name, any different letter makes another name. */
const SHORTEST_MISSPELT = 3

/**
 * The known name that a misspelt one most likely stands for, even if one is the beginning of the
 * other; undefined if none is similar. Pure.
 */
export function nearestName(misspelt: string, known: readonly string[]): string | undefined {
  const typed = plain(misspelt)
  return (
    similarName(misspelt, known) ??
    known.find((name) => begins(plain(name), typed) || begins(typed, plain(name)))
  )
}

/**
 * The known name from which a name differs in at most one letter of four. Letter case, `-` and `_`
 * do not count. Pure.
 */
export function similarName(misspelt: string, known: readonly string[]): string | undefined {
  const typed = plain(misspelt)
  let nearest: string | undefined
  let fewest =
    (typed.length < SHORTEST_MISSPELT ? 0 : Math.max(1, Math.floor(typed.length / 4))) + 1
  for (const name of known) {
    const edits = editsBetween(typed, plain(name))
    if (edits < fewest) [nearest, fewest] = [name, edits]
  }
  return nearest
}

/** In shorter names, one letter makes another word. */
const SHORTEST_WHOLE = 8

/**
 * Whether a whole name, of eight letters or more, differs from the known one in one letter. Pure.
 */
export function isOneEditAway(name: string, known: string): boolean {
  const isClose = Math.abs(name.length - known.length) <= 1 && name.length >= SHORTEST_WHOLE
  return isClose && name !== known && editsBetween(name, known) === 1
}

const plain = (name: string): string => name.toLowerCase().replace(/[-_]/g, '')

const begins = (name: string, beginning: string): boolean =>
  beginning.length >= SHORTEST_BEGINNING && name.startsWith(beginning)

/**
 * How many letters are added, removed, replaced or swapped with their neighbour (optimal string
 * alignment).
 */
function editsBetween(one: string, other: string): number {
  let before: readonly number[] = []
  let last: readonly number[] = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let row = 1; row <= one.length; row += 1) {
    const next = [row]
    for (let at = 1; at <= other.length; at += 1) {
      const replaced = cell(last, at - 1) + (one[row - 1] === other[at - 1] ? 0 : 1)
      const isSwap = one[row - 1] === other[at - 2] && one[row - 2] === other[at - 1]
      const swapped = isSwap ? cell(before, at - 2) + 1 : Number.POSITIVE_INFINITY
      next.push(Math.min(cell(last, at) + 1, cell(next, at - 1) + 1, replaced, swapped))
    }
    before = last
    last = next
  }
  return cell(last, other.length)
}

const cell = (row: readonly number[], at: number): number => row[at] ?? Number.POSITIVE_INFINITY
