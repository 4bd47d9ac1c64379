/**
 * What could control a terminal: control characters (C0 and C1), and characters that are invisible
 * or change the direction of the text.
 */
const CONTROLLING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** One line without characters that control the terminal; they are escaped as in source code. */
export const shown = (text: string): string =>
  text.replace(CONTROLLING, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)

/** The same for text of several lines. */
export const shownLines = (text: string): string => text.split('\n').map(shown).join('\n')

/** JSON on one line (RFC 8259 allows any character of a string to be escaped). */
export const shownJson = (value: unknown): string =>
  JSON.stringify(value).replace(CONTROLLING, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
    ).join('')
  )

/** A word for a POSIX shell that means this text. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
