import { readFileSync } from 'node:fs'
import { unreadable } from '@gatehouse/settings/file-fault'
import { authorityFault } from '@gatehouse/settings/pem-authority'

/** A file with a certificate or a key cannot be used; the message is for an operator. */
export class TlsFileFault extends Error {
  override readonly name = 'TlsFileFault'
}

/** @param setting names the file in the message */
export function readTlsFile(setting: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const fault = unreadable(file, error)
    if (fault === null) throw error
    throw new TlsFileFault(`${setting}: ${fault}`)
  }
}

/**
 * The certificates of authorities in a file.
 * @throws TlsFileFault
 */
export function readAuthorities(setting: string, file: string): Buffer {
  const pem = readTlsFile(setting, file)
  const fault = authorityFault(file, pem.toString())
  if (fault !== null) throw new TlsFileFault(`${setting}: ${fault}`)
  return pem
}
