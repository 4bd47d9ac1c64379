import { execFileSync } from 'node:child_process'

/** Why the tests of a program are skipped; false if the program is installed. */
export function missing(program: string, ...version: string[]): string | false {
  try {
    execFileSync(program, version, { stdio: 'ignore' })
    return false
  } catch {
    return `${program} is not installed`
  }
}
