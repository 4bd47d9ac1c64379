import { openSync, writeSync } from 'node:fs'
import { BadUsage } from '../failures.ts'

/** An entry that was not imported, and why. */
type NotImported = {
  readonly line: number
  readonly email: string | null
  /** `existing`: its e-mail address has an account already, which stays as it is */
  readonly outcome: 'existing' | 'refused'
  readonly reason: string
}

/** The maximum number of entries in the output of the command. The report file has all of them. */
const MOST_SHOWN = 1000

/** The results of the entries of a file. */
export type ImportReport = {
  imported(count: number): void
  note(entry: NotImported): void
  readonly result: ImportResult
}

export type ImportResult = {
  imported: number
  existing: number
  refused: number
  /** the first entries that were not imported */
  notImported: NotImported[]
}

/** @throws BadUsage if the report file exists or cannot be written */
export function importReport(file: string | undefined): ImportReport {
  const report = file === undefined ? null : create(file)
  const result: ImportResult = { imported: 0, existing: 0, refused: 0, notImported: [] }
  return {
    result,
    imported(count) {
      result.imported += count
    },
    note(entry) {
      result[entry.outcome] += 1
      if (result.notImported.length < MOST_SHOWN) result.notImported.push(entry)
      if (report !== null) writeSync(report, `${JSON.stringify(entry)}\n`)
    }
  }
}

/** Readable only by its owner, because it contains e-mail addresses. */
function create(file: string): number {
  try {
    return openSync(file, 'wx', 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new BadUsage(`--report: cannot create ${file} (${code}).`)
  }
}
