import { createReadStream } from 'node:fs'
import { unreadable } from '@gatehouse/settings/file-fault'
import type { OpsClient } from '../client/ops-client.ts'
import { Refused } from '../failures.ts'
import { csvEntries } from './csv.ts'
import { type ForeignUser, foreignUser, type ImportDefaults } from './foreign-user.ts'
import type { ImportReport } from './import-report.ts'
import { EntryFault } from './line.ts'
import { ndjsonEntries } from './ndjson.ts'

export type FileFormat = 'csv' | 'ndjson'

type ImportOptions = ImportDefaults & {
  readonly format: FileFormat
  readonly dryRun: boolean
  readonly allowNoPassword: boolean
}

type Batch = { readonly line: number; readonly user: ForeignUser }[]

type ImportResponse = {
  readonly imported: number
  readonly existing: readonly number[]
  readonly refused: readonly { readonly index: number; readonly reason: string }[]
}

const BATCH_USERS = 250
const BATCH_CHARACTERS = 256 * 1024

/**
 * Sends the users of a file to the auth service in batches. Memory does not grow with the file.
 * @throws Refused if the file cannot be read, or the auth service does not answer: earlier batches
 * are imported, and the same import continues after them
 */
export async function importFile(
  file: string,
  options: ImportOptions,
  ops: OpsClient,
  report: ImportReport
): Promise<void> {
  let batch: Batch = []
  let size = 0
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await send(batch, options, ops, report)
    ;[batch, size] = [[], 0]
  }
  const entries = options.format === 'csv' ? csvEntries : ndjsonEntries
  for await (const { line, value } of entries(textOf(file))) {
    const user = value instanceof EntryFault ? value : attempt(value, options)
    if (user instanceof EntryFault) {
      const reason = `the entry ${user.message}`
      report.note({ line, email: null, outcome: 'refused', reason })
      continue
    }
    batch.push({ line, user })
    size += JSON.stringify(user).length
    if (batch.length >= BATCH_USERS || size >= BATCH_CHARACTERS) await flush()
  }
  await flush()
}

function attempt(entry: Record<string, unknown>, options: ImportOptions) {
  try {
    return foreignUser(entry, options)
  } catch (error) {
    if (error instanceof EntryFault) return error
    throw error
  }
}

async function send(
  batch: Batch,
  { dryRun, allowNoPassword }: ImportOptions,
  ops: OpsClient,
  report: ImportReport
): Promise<void> {
  const users = batch.map(({ user }) => user)
  const body = { users, dryRun, allowNoPassword }
  const response = await ops.call<ImportResponse>('POST', '/ops/users/import', body)
  report.imported(response.imported)
  const note = (index: number, outcome: 'existing' | 'refused', reason: string) => {
    const { line, user } = batch[index] ?? { line: 0, user: null }
    report.note({ line, email: user?.email ?? null, outcome, reason })
  }
  for (const index of response.existing) note(index, 'existing', 'the e-mail address is taken')
  for (const { index, reason } of response.refused) note(index, 'refused', reason)
}

/** Without the byte order mark that spreadsheets write first. */
async function* textOf(file: string): AsyncGenerator<string> {
  const stream = createReadStream(file, 'utf8')
  let isFirst = true
  try {
    for await (const chunk of stream) {
      yield isFirst ? String(chunk).replace(/^\ufeff/, '') : String(chunk)
      isFirst = false
    }
  } catch (error) {
    const fault = unreadable(file, error)
    if (fault === null) throw error
    throw new Refused('UNREADABLE_FILE', `${fault}.`)
  }
}
