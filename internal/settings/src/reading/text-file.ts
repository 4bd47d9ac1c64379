import { readFileSync } from 'node:fs'
import { unreadable } from './file-fault.ts'

/**
 * The text of a file that an operator wrote, without its byte order mark; or why it cannot be read,
 * in words.
 */
export function textFile(file: string): { readonly text: string } | { readonly fault: string } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
    return text.includes('\0') ? notText(file) : { text }
  } catch (error) {
    if (error instanceof TypeError) return notText(file)
    const fault = unreadable(file, error)
    if (fault === null) throw error
    return { fault }
  }
}

const notText = (file: string) => ({ fault: `cannot read ${file}: it is not UTF-8 text` })
