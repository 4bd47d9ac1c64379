/** How many lines the faults of a file have. */
const MOST_LINES = 50

/**
 * The texts of the first faults, and how many more there are: to find the place of a fault costs a
 * search through the file.
 */
export function firstFaults<Fault>(
  faults: readonly Fault[],
  textOf: (fault: Fault) => string
): string[] {
  if (faults.length <= MOST_LINES) return faults.map(textOf)
  const first = faults.slice(0, MOST_LINES - 1)
  return [...first.map(textOf), `and ${faults.length - first.length} more faults`]
}
