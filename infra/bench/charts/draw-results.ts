import { writeFileSync } from 'node:fs'
import { type Results, readResults } from '../report/results.ts'
import { barChart } from './bar-chart.ts'
import { type Theme, themes } from './drawing.ts'
import { drawnSuites, panelsOf } from './panels.ts'

/**
 * The pictures of a result: a text per theme. None if the result has nothing that is drawn.
 */
export function picturesOf(results: Results): Map<Theme, string> {
  const panels = panelsOf(results)
  const pictures = panels.length === 0 ? [] : themes
  return new Map(pictures.map((theme) => [theme, barChart(panels, sourceOf(results), theme)]))
}

/**
 * Draws what a file of results says, beside the file: `results.json` becomes `results-light.svg`
 * and `results-dark.svg`.
 * @returns the names of the pictures
 * @throws ResultsFault
 */
export function drawResults(file: string): string[] {
  return [...picturesOf(readResults(file))].map(([theme, picture]) => {
    const name = file.replace(/(\.json)?$/, `-${theme}.svg`)
    writeFileSync(name, picture)
    return name
  })
}

/** Where and when the figures were measured, in one line. */
function sourceOf({ machine, suites }: Results): string {
  const { processor, cores, node } = machine
  const measured = Object.entries(suites).filter(([name]) => drawnSuites.includes(name))
  const dates = measured.map(([, { date }]) => date.slice(0, 10)).sort()
  const commits = new Set(measured.map(([, { commit }]) => commit ?? 'no commit'))
  const where = `${cores} cores of ${processor}, Node.js ${node.slice(1)}`
  return `Lines: lowest and highest round. ${dates.at(-1)}, ${where}, ${[...commits].join(' and ')}`
}
