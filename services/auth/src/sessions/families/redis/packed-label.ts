/**
 * The label of a session takes a third of its record as text, and most labels are one of 42. So
 * Redis has `~Cw` for `Chrome on Windows`, and other labels as they are. No label of ours begins
 * with a tilde. Letters that were stored once keep their meaning.
 */
const browsers: ReadonlyMap<string, string> = new Map([
  ['Chrome', 'C'],
  ['Edge', 'E'],
  ['Firefox', 'F'],
  ['Opera', 'O'],
  ['Safari', 'S'],
  ['Samsung Internet', 'I']
])

const systems: ReadonlyMap<string, string> = new Map([
  ['Android', 'a'],
  ['ChromeOS', 'c'],
  ['Linux', 'l'],
  ['Windows', 'w'],
  ['iPad', 't'],
  ['iPhone', 'p'],
  ['macOS', 'm']
])

const pairs: (readonly [label: string, short: string])[] = [...browsers].flatMap(
  ([browser, first]) =>
    [...systems].map(([system, second]) => [`${browser} on ${system}`, `~${first}${second}`])
)
const shortOf = new Map(pairs)
const labelOf = new Map(pairs.map(([label, short]) => [short, label]))

/** The label as Redis has it. */
export const packedLabel = (label: string): string => shortOf.get(label) ?? label

/** The label of a stored one; that of an earlier version is the label itself. */
export const unpackedLabel = (stored: string): string => labelOf.get(stored) ?? stored
