/** The part of an entry of `package-lock.json` that matters here. */
export type LockEntry = {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly [member: string]: unknown
}
export type LockEntries = Readonly<Record<string, LockEntry>>

/**
 * The lock file of an application that uses these packages with the versions of this repository.
 * With it, npm takes all packages from its cache, and asks no registry for versions.
 * @param known the entries of this repository's lock file
 * @param own the packages that come from files, by name
 */
export function lockFile(
  known: LockEntries,
  own: Readonly<Record<string, LockEntry>>,
  dependencies: Readonly<Record<string, string>>
) {
  const entries: Record<string, LockEntry> = {}
  const add = (from: string, name: string): void => {
    const place = own[name] === undefined ? placeOf(known, from, name) : `node_modules/${name}`
    if (entries[place] !== undefined) return
    const { dev, devOptional, peer, ...entry } = own[name] ?? known[place] ?? {}
    entries[place] = entry
    for (const needed of Object.keys(entry.dependencies ?? {})) add(place, needed)
  }
  for (const name of Object.keys(dependencies)) add('', name)
  const root = { name: 'consumer', dependencies }
  return {
    name: 'consumer',
    lockfileVersion: 3,
    requires: true,
    packages: { '': root, ...entries }
  }
}

/** The place where Node.js finds a package, as a lock file names it. */
function placeOf(known: LockEntries, from: string, name: string): string {
  const place = [from, 'node_modules', name].filter(Boolean).join('/')
  if (known[place] !== undefined) return place
  if (from === '') throw new Error(`package-lock.json has no ${name}`)
  return placeOf(known, from.slice(0, Math.max(0, from.lastIndexOf('node_modules/') - 1)), name)
}
