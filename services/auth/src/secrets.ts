import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** A secret's text: the setting, or the file that the setting names, or one that is made on the first start and kept. */
export type SecretSource = { value: string | undefined; file: string | undefined; kept: string }

/**
 * @param make the text of a new secret; null in production, where a secret has no default (the settings demand it)
 */
export function readSecret(
  { value, file, kept }: SecretSource,
  make: (() => string) | null
): string {
  if (value !== undefined) return value
  if (file !== undefined) return readFileSync(file, 'utf8').trim()
  if (make === null) throw new Error(`no secret is set, and ${kept} is not made in production`)
  try {
    return readFileSync(kept, 'utf8').trim()
  } catch {
    return keepNew(kept, make())
  }
}

/** Exclusive creation: of two processes that start together one writes, and both read the same. */
function keepNew(file: string, secret: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  try {
    writeFileSync(file, `${secret}\n`, { flag: 'wx', mode: 0o600 })
    return secret
  } catch {
    return readFileSync(file, 'utf8').trim()
  }
}

export function randomSecret(): string {
  return randomBytes(32).toString('base64url')
}
