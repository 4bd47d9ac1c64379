import { changes } from './changes/changes.ts'
import { drawResults } from './charts/draw-results.ts'
import { readCommand, UsageFault, usage } from './command.ts'
import { edge } from './edge/edge.ts'
import { families } from './families/families.ts'
import { fleet } from './fleet/fleet.ts'
import { logins } from './logins/logins.ts'
import { measureSuites, type Suite } from './measure-suites.ts'
import { compareFiles } from './report/compare-files.ts'
import { ResultsFault } from './report/results.ts'
import { storms } from './simulation/storms.ts'
import { starts } from './starts/starts.ts'

const suites: Readonly<Record<string, Suite>> = { changes, edge, families, fleet, logins, starts }

const print = (text: string) => process.stdout.write(text)
const tell = (line: string) => process.stderr.write(`${line}\n`)

/** @returns the exit code (CONTRIBUTING.md) */
async function main(): Promise<number> {
  const command = readCommand(process.argv.slice(2), Object.keys(suites))
  if (command.kind === 'compare') return compareFiles(command.before, command.after, print) ? 0 : 1
  if (command.kind === 'draw') {
    for (const picture of drawResults(command.file)) tell(`drew ${picture}`)
    return 0
  }
  if (command.kind === 'simulate') {
    print(`${storms()}\n`)
    return 0
  }
  const { short: isShort, out } = command
  const chosen = Object.fromEntries(
    Object.entries(suites).filter(([name]) => command.suites.includes(name))
  )
  const faults = await measureSuites({ suites: chosen, isShort, out, print, tell })
  for (const fault of faults) tell(fault)
  return faults.length === 0 ? 0 : 1
}

let code = 2
try {
  code = await main()
} catch (error) {
  if (error instanceof UsageFault) tell(`${error.message}\n\n${usage}`)
  else if (error instanceof ResultsFault) tell(error.message)
  else throw error
}
// A suite that failed may have left connections open.
process.exit(code)
