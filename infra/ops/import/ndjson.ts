import { type Entry, EntryFault, MOST_ENTRY_CHARACTERS, tooLong } from './line.ts'

/** The members of each line of a file with a JSON object per line, or why it cannot be read. */
export async function* ndjsonEntries(
  chunks: AsyncIterable<string>
): AsyncGenerator<Entry<Record<string, unknown> | EntryFault>> {
  for await (const { line, value } of lines(chunks)) {
    if (value instanceof EntryFault) yield { line, value }
    else if (value.trim() !== '') yield { line, value: objectOf(value) }
  }
}

function objectOf(text: string): Record<string, unknown> | EntryFault {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>
    }
  } catch {}
  return new EntryFault('is not a JSON object')
}

async function* lines(chunks: AsyncIterable<string>): AsyncGenerator<Entry<string | EntryFault>> {
  let [line, rest, isTooLong] = [1, '', false]
  const whole = (text: string) => {
    const value = isTooLong || text.length > MOST_ENTRY_CHARACTERS ? tooLong() : text
    isTooLong = false
    return { line: line++, value }
  }
  for await (const chunk of chunks) {
    const [first = '', ...more] = chunk.split('\n')
    rest += first
    for (const next of more) {
      yield whole(rest)
      rest = next
    }
    if (rest.length > MOST_ENTRY_CHARACTERS) [rest, isTooLong] = ['', true]
  }
  if (rest !== '' || isTooLong) yield whole(rest)
}
