import { randomBytes } from 'node:crypto'
import { bcryptInThread } from './bcrypt-threads.ts'
import type { HashKind } from './hash-kind.ts'

const HASH = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/
const COST = /^\$2b\$(\d\d)$/
const LEAST_COST = 4
const MOST_COST = 14
/** bcrypt ignores the bytes after this. */
const MOST_PASSWORD_BYTES = 72
const CODED_BYTES = 40
const CODED_LENGTH = 53

/** bcrypt. Its versions 2a, 2b and 2y give the same hash for every accepted password. */
export const bcrypt: HashKind = {
  isCost(cost) {
    const rounds = Number(COST.exec(cost)?.[1])
    return rounds >= LEAST_COST && rounds <= MOST_COST
  },
  async verify(passwordHash, password) {
    if (!HASH.test(passwordHash)) return false
    const bytes = new TextEncoder().encode(password).slice(0, MOST_PASSWORD_BYTES)
    return await bcryptInThread({ passwordHash, password: bytes })
  },
  decoy: (cost) => `${cost}$${coded(randomBytes(CODED_BYTES))}`
}

/** A bcrypt hash in the version under which it is stored here; null if it is none. */
export const bcryptHash = (text: string): string | null =>
  HASH.test(text) ? `$2b${text.slice(3)}` : null

/** The cost of a bcrypt hash. Both databases compute it in the same way (migration 14). */
export const bcryptCost = (passwordHash: string): string => `$2b${passwordHash.slice(3, 6)}`

/** Salt and hash are encoded separately. The last character of each has bits that are always 0. */
const coded = (bytes: Buffer): string => {
  const text = bytes.toString('base64').replaceAll('+', '.').slice(0, CODED_LENGTH)
  return `${text.slice(0, 21)}.${text.slice(22, 52)}.`
}
