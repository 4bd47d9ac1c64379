import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { drawResults } from './charts/draw-results.ts'
import type { Figure } from './figures/figure.ts'
import { reaches } from './figures/format-figure.ts'
import { type Run, short, thorough } from './figures/run.ts'
import { median } from './figures/statistics.ts'
import { commitOf, thisMachine } from './report/machine.ts'
import { recordSuite } from './report/results.ts'
import { figureTable } from './report/table.ts'

export type Suite = (run: Run) => Promise<Figure[]>

type MeasureOptions = {
  /** by name, in their order */
  readonly suites: Readonly<Record<string, Suite>>
  readonly isShort: boolean
  /** the file of the results */
  readonly out: string
  /** for the tables */
  readonly print: (text: string) => void
  /** what is being done, and what failed */
  readonly tell: (line: string) => void
}

/**
 * Measures, prints and records each suite, and draws the results.
 * @returns what went wrong, one line each: suites that could not be measured and, in the short
 * mode, counts that miss their goals
 */
export async function measureSuites(options: MeasureOptions): Promise<string[]> {
  const { suites, isShort, out, print, tell } = options
  const run = isShort ? short(tell) : thorough(tell)
  const mode = isShort ? 'short' : 'thorough'
  const faults: string[] = []
  for (const [name, suite] of Object.entries(suites)) {
    try {
      const figures = await suite(run)
      print(`\n${name}\n\n${figureTable(figures)}\n`)
      const commit = commitOf(fileURLToPath(new URL('.', import.meta.url)))
      const measured = { name, figures, commit, date: new Date() }
      recordSuite(out, { mode, machine: thisMachine() }, measured)
      if (isShort) faults.push(...missedCounts(figures))
    } catch (error) {
      faults.push(`${name} could not be measured: ${error instanceof Error ? error.stack : error}`)
    }
  }
  const pictures = existsSync(out) ? drawResults(out) : []
  for (const picture of pictures) tell(`drew ${picture}`)
  return faults
}

/** Counts do not depend on the machine, nor on how long something is measured. */
const missedCounts = (figures: readonly Figure[]): string[] =>
  figures
    .filter(({ unit, goal, rounds }) => {
      const isCount = unit === 'count' && goal !== null && rounds.length > 0
      return isCount && !reaches(median(rounds), goal)
    })
    .map(({ title, rounds }) => `${title}: ${median(rounds)}`)
