import { scrypt as scryptCallback } from 'node:crypto'
import { promisify } from 'node:util'
import type { HashKind } from './hash-kind.ts'
import { isSameHash, phcDecoy, readPhc } from './phc.ts'

const derive = promisify<string, Buffer, number, object, Buffer>(scryptCallback)

const COST = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)$/
const DECOY_BYTES = 32
/** N · r: 128 bytes each, so 256 MiB */
const MOST_MEMORY = 2 ** 21
/** N · r · p */
const MOST_WORK = 2 ** 22
const MOST_LN = 20

/** RFC 7914 §2: N is 2^ln. */
export type ScryptCost = { readonly ln: number; readonly r: number; readonly p: number }

export function isScryptBounded({ ln, r, p }: ScryptCost): boolean {
  if (ln < 1 || ln > MOST_LN || r < 1 || p < 1) return false
  const memory = 2 ** ln * r
  return memory <= MOST_MEMORY && memory * p <= MOST_WORK
}

export const scryptDerive = (
  password: string,
  salt: Buffer,
  bytes: number,
  { ln, r, p }: ScryptCost
): Promise<Buffer> =>
  // OpenSSL counts a little more than the 128 · N · r bytes of the algorithm.
  derive(password, salt, bytes, { N: 2 ** ln, r, p, maxmem: 128 * r * (2 ** ln + p + 4) + 2 ** 20 })

function read(cost: string): ScryptCost | null {
  const [, ln, r, p] = (COST.exec(cost) ?? []).map(Number)
  return ln === undefined || r === undefined || p === undefined ? null : { ln, r, p }
}

export const scrypt: HashKind = {
  isCost(cost) {
    const parameters = read(cost)
    return parameters !== null && isScryptBounded(parameters)
  },
  async verify(passwordHash, password) {
    const { cost, salt, hash } = readPhc(passwordHash)
    const parameters = read(cost)
    if (parameters === null) return false
    return isSameHash(hash, await scryptDerive(password, salt, hash.length, parameters))
  },
  decoy: (cost) => phcDecoy(cost, DECOY_BYTES)
}
