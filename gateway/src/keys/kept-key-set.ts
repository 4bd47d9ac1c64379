import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The member of the kept set that says until when it was good, in milliseconds since 1970 (RFC 7517 §5 lets a set have others). */
const GOOD_AT = 'goodAtMs'

/** A key set as it is kept on disk, so that a gateway starts while its issuer is away. */
export type Kept = { text: string | null; goodAtMs: number }

/** One that does not say so, as earlier versions kept it, is as old as can be. */
export function readKept(file: string): Kept {
  try {
    const text = readFileSync(file, 'utf8')
    const goodAtMs: unknown = JSON.parse(text)[GOOD_AT]
    return { text, goodAtMs: typeof goodAtMs === 'number' ? goodAtMs : Number.NEGATIVE_INFINITY }
  } catch {
    return { text: null, goodAtMs: Number.NEGATIVE_INFINITY }
  }
}

/** Whole or not at all: a gateway that is killed here must not find half a set. */
export function keep(file: string, text: string, goodAtMs: number): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const kept = JSON.stringify({ ...JSON.parse(text), [GOOD_AT]: goodAtMs })
  // Gateways of one machine may share the folder.
  const own = `${file}.${process.pid}.new`
  writeFileSync(own, kept, { mode: 0o600 })
  renameSync(own, file)
}
