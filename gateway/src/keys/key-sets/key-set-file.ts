import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isAbsent } from '@gatehouse/settings/file-fault'
import { downloadFault } from './download.ts'

/**
 * The member of the stored set that says when the set was last known to be good, in milliseconds
 * since 1970 (RFC 7517 §5 allows other members).
 */
const GOOD_AT = 'goodAtMs'

/**
 * A key set as it is stored on disk, so that a gateway can start while its issuer is unreachable.
 */
type Kept = { text: string | null; goodAtMs: number }

/**
 * A file without this time, as earlier versions wrote it, counts as oldest.
 * @param onFault is called if there is a file that cannot be used
 */
export function readKeySetFile(file: string, onFault: (reason: string) => void): Kept {
  try {
    const text = readFileSync(file, 'utf8')
    const goodAtMs: unknown = JSON.parse(text)[GOOD_AT]
    return { text, goodAtMs: typeof goodAtMs === 'number' ? goodAtMs : Number.NEGATIVE_INFINITY }
  } catch (error) {
    if (!isAbsent(error)) onFault(`the stored key set could not be read: ${downloadFault(error)}`)
    return { text: null, goodAtMs: Number.NEGATIVE_INFINITY }
  }
}

/** Writes the whole file or nothing: a gateway that is killed here must not find half a set. */
export function writeKeySetFile(file: string, text: string, goodAtMs: number): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const kept = JSON.stringify({ ...JSON.parse(text), [GOOD_AT]: goodAtMs })
  // Several gateways on one machine may share the folder.
  const own = `${file}.${process.pid}.new`
  writeFileSync(own, kept, { mode: 0o600 })
  renameSync(own, file)
}
