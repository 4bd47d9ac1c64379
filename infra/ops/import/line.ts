/** One entry of a file, and the line on which it begins. */
export type Entry<Value> = { readonly line: number; readonly value: Value }

/** Why an entry cannot be read, as text for the report. */
export class EntryFault extends Error {
  override readonly name = 'EntryFault'
}

/** No export has longer entries. The limit bounds the memory for any file. */
export const MOST_ENTRY_CHARACTERS = 65_536

export const tooLong = () => new EntryFault(`is longer than ${MOST_ENTRY_CHARACTERS} characters`)
