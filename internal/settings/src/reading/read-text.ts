import { SettingsFault } from './read-settings.ts'
import { textFile } from './text-file.ts'

/**
 * A file that an operator wrote, without its byte order mark.
 * @throws SettingsFault if it cannot be read, or is not text in UTF-8
 */
export function readText(file: string): string {
  const read = textFile(file)
  if ('fault' in read) throw new SettingsFault([read.fault])
  return read.text
}
