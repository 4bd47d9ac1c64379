import { randomUUID } from 'node:crypto'
import { createReadStream, existsSync, renameSync, rmSync } from 'node:fs'
import type { ChainRecord } from '@gatehouse/audit-chain/chain-record'
import type { SignedHead } from '@gatehouse/audit-chain/signed-head'
import { BadUsage, Refused } from '../../failures.ts'
import { createOwnerFile } from '../../files/owner-file.ts'
import type { AuditSource, ChainState } from './audit-source.ts'

/** A line of an export: first the chain, then its heads, then its records. */
type Line =
  | ({ readonly type: 'chain' } & ChainState)
  | ({ readonly type: 'head' } & SignedHead)
  | ({ readonly type: 'event' } & ChainRecord)

/**
 * Writes an audit log as NDJSON. The file has its name only once it is whole: a part of an export
 * would look like a log whose end was removed.
 * @returns how many records it has
 * @throws BadUsage if the file exists or cannot be created
 * @throws Refused if it cannot be written
 */
export async function writeAuditFile(file: string, source: AuditSource): Promise<number> {
  refuseExisting(file)
  const part = `${file}.${randomUUID()}.part`
  const output = createOwnerFile('FILE', part)
  const write = (line: Line) => output.write(line)
  try {
    write({ type: 'chain', ...source.state })
    for (const head of source.heads) write({ type: 'head', ...head })
    let count = 0
    for await (const record of source.records) {
      write({ type: 'event', ...record })
      count += 1
    }
    refuseExisting(file)
    renameSync(part, file)
    return count
  } finally {
    output.close()
    rmSync(part, { force: true })
  }
}

function refuseExisting(file: string): void {
  if (existsSync(file)) throw new BadUsage(`FILE: a file with the name ${file} already exists.`)
}

/**
 * Reads what `writeAuditFile` has written.
 * @throws Refused if the file cannot be read or is not an export
 */
export async function auditOfFile(file: string): Promise<AuditSource> {
  const lines = readLines(file)
  const first = await nextLine(lines, file)
  if (first?.type !== 'chain') throw noExport(file)
  const heads: SignedHead[] = []
  let line = await nextLine(lines, file)
  for (; line?.type === 'head'; line = await nextLine(lines, file)) heads.push(line)
  return { state: first, heads, records: recordsFrom(line, lines, file) }
}

async function* recordsFrom(first: Line | null, lines: AsyncIterator<string>, file: string) {
  for (let line = first; line !== null; line = await nextLine(lines, file)) {
    if (line.type !== 'event') throw noExport(file)
    yield line
  }
}

async function nextLine(lines: AsyncIterator<string>, file: string): Promise<Line | null> {
  try {
    const { done, value } = await lines.next()
    return done === true ? null : JSON.parse(value)
  } catch {
    throw noExport(file)
  }
}

const noExport = (file: string) =>
  new Refused('NO_EXPORT', `${file} cannot be read as an export of the audit log.`)

/** `readline` would also end a line at U+2028, which a JSON string can contain. */
async function* readLines(file: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(file, 'utf8')) {
    const [first = '', ...more] = String(chunk).split('\n')
    rest += first
    for (const next of more) {
      yield rest
      rest = next
    }
  }
  if (rest !== '') yield rest
}
