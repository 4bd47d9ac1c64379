import { readFileSync } from 'node:fs'
import { unreadable } from './file-fault.ts'
import { SettingsFault } from './read-settings.ts'

/**
 * A file that an operator wrote, without its byte order mark.
 * @throws SettingsFault if it cannot be read, or is not text in UTF-8
 */
export function readText(file: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
    if (text.includes('\0')) throw new TypeError()
    return text
  } catch (error) {
    const fault =
      error instanceof TypeError
        ? `cannot read ${file}: it is not UTF-8 text`
        : unreadable(file, error)
    if (fault === null) throw error
    throw new SettingsFault([fault])
  }
}
