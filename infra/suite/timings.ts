import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Wall time in seconds per job, from the last run that was recorded. Only the order of the files depends on it. */
export type Timings = Readonly<Record<string, number>>

const FILE = fileURLToPath(new URL('./timings.json', import.meta.url))

export const readTimings = (): Timings =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Timings) : {}

export function writeTimings(timings: Timings): void {
  const sorted = Object.entries(timings).sort(([one], [other]) => (one < other ? -1 : 1))
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`)
}
