import { readFileSync } from 'node:fs'
import type { Json } from '../document/components.ts'
import { breakingChanges } from './breaking-changes.ts'

const folder = new URL('../../../api/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8')
const document = (name: string): Json => JSON.parse(read(name))

/** The breaking changes since the last release, as `public.json: POST /auth/login: …`. */
export const changesSinceRelease = (): string[] =>
  ['public.json', 'operator.json'].flatMap((name) =>
    breakingChanges(document(`released/${name}`), document(name)).map(
      (change) => `${name}: ${change}`
    )
  )

/** The breaking changes that the next release makes on purpose: lines without `#` at the start. */
export const acceptedChanges = (): string[] =>
  read('released/accepted-changes.txt')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

/** What is wrong, one line per fault. */
export function compatibilityFaults(changes: readonly string[], accepted: readonly string[]) {
  const unexpected = changes.filter((change) => !accepted.includes(change))
  const gone = accepted.filter((change) => !changes.includes(change))
  return [
    ...unexpected.map((change) => `breaks clients of the last release: ${change}`),
    ...gone.map((change) => `accepted-changes.txt lists a change that was not made: ${change}`)
  ]
}
