import { verify } from '@node-rs/argon2'
import type { HashKind } from './hash-kind.ts'
import { phcDecoy } from './phc.ts'

const HASH_BYTES = 32

/**
 * The same password typed on two keyboards is the same password (NIST SP 800-63B §3.1.1.2, RFC 8265
 * §4.2).
 */
export const normalised = (password: string): string => password.normalize('NFKC')

const OWN = /^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+$/

/**
 * Our own hashes: argon2id of the normalised password, at the current or an earlier cost of the
 * settings.
 */
export const argon2id: HashKind = {
  isCost: (cost) => OWN.test(cost),
  verify: (passwordHash, password) => verify(passwordHash, normalised(password)),
  decoy: (cost) => phcDecoy(cost, HASH_BYTES)
}

const MARK = '$imported-'
const IMPORTED = /^\$imported-argon2(?:id|i|d)\$v=(?:16|19)\$m=(\d+),t=(\d+),p=(\d+)$/
const MOST_KIB = 262_144
const MOST_PASSES = 64
const MOST_LANES = 16
/** as much work as a gibibyte in one pass */
const MOST_KIB_PASSES = 1_048_576

/**
 * Argon2 of another system, of the password as it was typed. The mark distinguishes it from our own
 * hashes.
 */
export const importedArgon2: HashKind = {
  isCost(cost) {
    const [, kib, passes, lanes] = (IMPORTED.exec(cost) ?? []).map(Number)
    if (kib === undefined || passes === undefined || lanes === undefined) return false
    const isSound = passes >= 1 && lanes >= 1 && kib >= 8 * lanes
    const isBounded = kib <= MOST_KIB && passes <= MOST_PASSES && lanes <= MOST_LANES
    return isSound && isBounded && kib * passes <= MOST_KIB_PASSES
  },
  verify: (passwordHash, password) => verify(`$${passwordHash.slice(MARK.length)}`, password),
  decoy: (cost) => phcDecoy(cost, HASH_BYTES)
}

/** `$argon2id$…` of another system, as it is stored here. */
export const markImported = (text: string): string => `${MARK}${text.slice(1)}`
