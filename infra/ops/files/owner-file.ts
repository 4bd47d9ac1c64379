import { closeSync, openSync, writeFileSync } from 'node:fs'
import { fileFault } from '@gatehouse/settings/file-fault'
import { BadUsage, Refused } from '../failures.ts'

/** A new file that only its owner can read, because it has personal data. */
export type OwnerFile = {
  /**
   * Adds a value as a line of JSON.
   * @throws Refused if the file cannot be written, such as on a full disk
   */
  write(value: object): void
  close(): void
}

/**
 * @param argument what the operator named it by, for messages
 * @throws BadUsage if the file exists or cannot be created
 */
export function createOwnerFile(argument: string, file: string): OwnerFile {
  const handle = create(argument, file)
  return {
    write(value) {
      try {
        writeFileSync(handle, `${JSON.stringify(value)}\n`)
      } catch (error) {
        throw new Refused('NOT_WRITTEN', `cannot write ${file}: ${reasonOf(error)}`)
      }
    },
    close: () => closeSync(handle)
  }
}

function create(argument: string, file: string): number {
  try {
    return openSync(file, 'wx', 0o600)
  } catch (error) {
    throw new BadUsage(`${argument}: cannot create ${file}: ${reasonOf(error)}.`)
  }
}

/** @throws the error itself, unless it is about a file */
function reasonOf(error: unknown): string {
  const reason = fileFault(error)
  if (reason === null) throw error
  return reason
}
