import { createOwnerFile } from '../files/owner-file.ts'

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

/** @throws BadUsage if the report file exists or cannot be created */
export function importReport(file: string | undefined): ImportReport {
  const report = file === undefined ? null : createOwnerFile('--report', file)
  const result: ImportResult = { imported: 0, existing: 0, refused: 0, notImported: [] }
  return {
    result,
    imported(count) {
      result.imported += count
    },
    note(entry) {
      result[entry.outcome] += 1
      if (result.notImported.length < MOST_SHOWN) result.notImported.push(entry)
      report?.write(entry)
    }
  }
}
