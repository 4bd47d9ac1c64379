import { compare, comparisonTable, suitesOfBoth } from './compare.ts'
import { ResultsFault, readResults, sameMachine } from './results.ts'

/**
 * Prints what is worse and what is better in the second file.
 * @returns false if a figure is worse
 * @throws ResultsFault if the files cannot be compared
 */
export function compareFiles(
  before: string,
  after: string,
  print: (text: string) => void
): boolean {
  const [old, now] = [readResults(before), readResults(after)]
  for (const [file, { mode }] of [
    [before, old],
    [after, now]
  ] as const) {
    if (mode === 'short')
      throw new ResultsFault(`${file} was measured with --short: its times mean nothing`)
  }
  const suites = suitesOfBoth(old, now)
  if (suites.length === 0) throw new ResultsFault('the two files have no suite in common')
  const compared = compare(old, now)
  const worse = compared.filter(({ verdict }) => verdict === 'worse').length
  print(`${comparisonTable(compared)}\n\n`)
  if (!sameMachine(old.machine, now.machine)) {
    print('The machines differ: times and memory are not compared.\n')
  }
  print(`${worse} of ${compared.length} figures are worse (${suites.join(', ')}).\n`)
  return worse === 0
}
