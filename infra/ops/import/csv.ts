import { type Entry, EntryFault, MOST_ENTRY_CHARACTERS, tooLong } from './line.ts'

/**
 * The members of each record of a CSV file (RFC 4180), by the names in its first record; or why it
 * cannot be read.
 */
export async function* csvEntries(
  chunks: AsyncIterable<string>
): AsyncGenerator<Entry<Record<string, unknown> | EntryFault>> {
  let names: readonly string[] | null = null
  for await (const { line, value } of csvRecords(chunks)) {
    if (value instanceof EntryFault) yield { line, value }
    else if (names === null) names = value
    else if (value.length > 1 || value[0] !== '') yield { line, value: named(names, value) }
  }
}

function named(names: readonly string[], fields: readonly string[]) {
  if (fields.length !== names.length) {
    return new EntryFault(`has ${fields.length} fields, and the first line has ${names.length}`)
  }
  return Object.fromEntries(names.map((name, n) => [name, fields[n]]))
}

/** Records as lists of fields. A record that cannot be read is skipped to its end. */
async function* csvRecords(chunks: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  const reader = recordReader()
  for await (const chunk of chunks) {
    for (const character of chunk) {
      const record = reader.take(character)
      if (record !== null) yield record
    }
  }
  const last = reader.end()
  if (last !== null) yield last
}

type CsvRecord = Entry<readonly string[] | EntryFault>

function recordReader() {
  let [line, begun] = [1, 1]
  let record = growingRecord()
  // 'closed': after the quote that may end a quoted field
  let state: 'plain' | 'quoted' | 'closed' = 'plain'

  const finish = (): CsvRecord => {
    const finished = { line: begun, value: record.value() }
    begun = line
    record = growingRecord()
    state = 'plain'
    return finished
  }
  const takeUnquoted = (character: string): CsvRecord | null => {
    if (character === '\n') return finish()
    if (character === ',') {
      record.endField()
      state = 'plain'
    } else if (state === 'plain') record.add(character)
    // In a line break of two characters, the second one follows the last field.
    else if (character !== '\r') record.fail('has characters after a closing quote')
    return null
  }
  return {
    take(character: string): CsvRecord | null {
      if (character === '\n') line += 1
      if (state === 'quoted') {
        if (character === '"') state = 'closed'
        else record.add(character)
        return null
      }
      if (character !== '"') return takeUnquoted(character)
      // Two quotes are one; a quote at the beginning of a field opens it.
      if (state === 'closed') record.add(character)
      if (state === 'closed' || record.isFieldEmpty()) state = 'quoted'
      else record.add(character)
      return null
    },
    end(): CsvRecord | null {
      if (state === 'quoted') record.fail('has a quote that is never closed')
      return record.isEmpty() ? null : finish()
    }
  }
}

/** The record that is being read. Its length is bounded, commas included. */
function growingRecord() {
  let fields: string[] = []
  let field = ''
  let length = 0
  let fault: EntryFault | null = null
  const hasRoom = (): boolean => {
    length += 1
    if (length === MOST_ENTRY_CHARACTERS + 1) [fault, fields, field] = [tooLong(), [], '']
    return length <= MOST_ENTRY_CHARACTERS
  }
  return {
    add(character: string): void {
      if (hasRoom()) field += character
    },
    endField(): void {
      if (!hasRoom()) return
      fields.push(field)
      field = ''
    },
    /** The first fault counts. */
    fail(reason: string): void {
      fault ??= new EntryFault(reason)
    },
    isFieldEmpty: () => field === '',
    isEmpty: () => field === '' && fields.length === 0 && fault === null,
    value: (): readonly string[] | EntryFault => fault ?? [...fields, field.replace(/\r$/, '')]
  }
}
