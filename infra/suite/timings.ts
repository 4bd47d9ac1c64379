import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * The times of a job in the last recorded run. They decide the order of the files and which share a
 * process.
 */
type Timing = { readonly wallSeconds: number; readonly cpuSeconds: number }

export type Timings = Readonly<Record<string, Timing>>

const FILE = fileURLToPath(new URL('./timings.json', import.meta.url))

export const readTimings = (): Timings =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Timings) : {}

export function writeTimings(timings: Timings): void {
  const sorted = Object.entries(timings).sort(([one], [other]) => (one < other ? -1 : 1))
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`)
}
