/** Longer names are rare, and are read each time. */
const LONGEST = 64
const MOST_NAMES = 1000

/**
 * Remembers what a pure function finds in the name of a header. Clients and services use the same
 * few dozen names. A peer that sends new names without end only causes the other names to be read
 * again.
 */
export function knownNames<Found>(read: (name: string) => Found): (name: string) => Found {
  const known = new Map<string, Found>()
  return (name) => {
    const found = known.get(name)
    if (found !== undefined) return found
    const made = read(name)
    if (name.length > LONGEST) return made
    if (known.size === MOST_NAMES) known.clear()
    known.set(name, made)
    return made
  }
}
