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
async function* csvRecords(
  chunks: AsyncIterable<string>
): AsyncGenerator<Entry<readonly string[] | EntryFault>> {
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

function recordReader() {
  let [line, begun, length] = [1, 1, 0]
  let fields: string[] = []
  let field = ''
  let fault: EntryFault | null = null
  // 'closed': after the quote that may end a quoted field
  let state: 'plain' | 'quoted' | 'closed' = 'plain'

  const record = (): Entry<readonly string[] | EntryFault> => {
    const value = fault ?? [...fields, field.replace(/\r$/, '')]
    const from = begun
    begun = line
    ;[fields, field, fault, state, length] = [[], '', null, 'plain', 0]
    return { line: from, value }
  }
  const add = (character: string): void => {
    length += 1
    if (length <= MOST_ENTRY_CHARACTERS) field += character
    else if (length === MOST_ENTRY_CHARACTERS + 1) [fault, fields, field] = [tooLong(), [], '']
  }
  const takeUnquoted = (character: string): Entry<readonly string[] | EntryFault> | null => {
    if (character === '\n') return record()
    if (character === ',') {
      fields.push(field)
      field = ''
      state = 'plain'
    } else if (state === 'plain') add(character)
    // In a line break of two characters, the second one follows the last field.
    else if (character !== '\r') fault ??= new EntryFault('has characters after a closing quote')
    return null
  }
  return {
    take(character: string) {
      if (character === '\n') line += 1
      if (state === 'quoted') {
        if (character === '"') state = 'closed'
        else add(character)
        return null
      }
      if (character !== '"') return takeUnquoted(character)
      // Two quotes are one; a quote at the beginning of a field opens it.
      if (state === 'closed') add(character)
      if (state === 'closed' || field === '') state = 'quoted'
      else add(character)
      return null
    },
    end() {
      if (state === 'quoted') fault ??= new EntryFault('has a quote that is never closed')
      return field === '' && fields.length === 0 && fault === null ? null : record()
    }
  }
}
