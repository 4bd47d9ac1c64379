/** Finds the longest prefix of a path. A prefix ends where a segment ends. */
export function longestPrefix<Found>(byPrefix: ReadonlyMap<string, Found>) {
  const longest = Math.max(0, ...[...byPrefix.keys()].map((prefix) => prefix.length))
  return (path: string): Found | null => {
    // Starts at the end of the longest prefix. Otherwise a path of 4,000 segments would cost 4,000
    // lookups.
    const from = path.length <= longest ? path.length : path.lastIndexOf('/', longest)
    for (let end = from; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const found = byPrefix.get(path.slice(0, end))
      if (found !== undefined) return found
    }
    return byPrefix.get('/') ?? null
  }
}
