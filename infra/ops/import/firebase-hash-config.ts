import { readFileSync } from 'node:fs'
import { unreadable } from '@gatehouse/settings/file-fault'
import { BadUsage } from '../failures.ts'

/** The parameters of a Firebase project's scrypt. */
export type FirebaseHashConfig = {
  readonly signerKey: string
  readonly saltSeparator: string
  readonly rounds: string
  readonly memCost: string
}

/**
 * Reads the "Password hash parameters" of Firebase's console, as text or as JSON.
 * @throws BadUsage
 */
export function readFirebaseHashConfig(file: string): FirebaseHashConfig {
  const text = readText(file)
  const member = (name: string): string => {
    const value = new RegExp(`"?${name}"?\\s*[:=]\\s*"?([A-Za-z0-9+/=]+)`).exec(text)?.[1]
    if (value !== undefined) return value
    throw new BadUsage(`--firebase-hash-config: ${file} has no ${name}.`)
  }
  if (!/"?algorithm"?\s*[:=]\s*"?SCRYPT\b/i.test(text)) {
    throw new BadUsage(`--firebase-hash-config: the algorithm in ${file} is not SCRYPT.`)
  }
  return {
    signerKey: member('base64_signer_key'),
    saltSeparator: member('base64_salt_separator'),
    rounds: member('rounds'),
    memCost: member('mem_cost')
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const fault = unreadable(file, error)
    if (fault === null) throw error
    throw new BadUsage(`--firebase-hash-config: ${fault}.`)
  }
}
