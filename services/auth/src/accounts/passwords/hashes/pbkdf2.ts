import { pbkdf2 as pbkdf2Callback } from 'node:crypto'
import { promisify } from 'node:util'
import type { HashKind } from './hash-kind.ts'
import { isSameHash, LEAST_HASH_BYTES, MOST_HASH_BYTES, phcDecoy, readPhc } from './phc.ts'

const derive = promisify(pbkdf2Callback)

const COST = /^\$pbkdf2-(sha1|sha256|sha512)\$i=(\d+),l=(\d+)$/
const DIGEST_BYTES = { sha1: 20, sha256: 32, sha512: 64 } as const
/** of all blocks of the hash together (RFC 8018 §5.2) */
const MOST_ITERATIONS = 2_000_000

type Pbkdf2Cost = {
  readonly digest: keyof typeof DIGEST_BYTES
  readonly iterations: number
  readonly bytes: number
}

function read(cost: string): Pbkdf2Cost | null {
  const [, digest, iterations, bytes] = COST.exec(cost) ?? []
  if (bytes === undefined) return null
  return {
    digest: digest as Pbkdf2Cost['digest'],
    iterations: Number(iterations),
    bytes: Number(bytes)
  }
}

export const pbkdf2: HashKind = {
  isCost(cost) {
    const parameters = read(cost)
    if (parameters === null) return false
    const { digest, iterations, bytes } = parameters
    const blocks = Math.ceil(bytes / DIGEST_BYTES[digest])
    const isLong = bytes >= LEAST_HASH_BYTES && bytes <= MOST_HASH_BYTES
    return isLong && iterations >= 1 && iterations * blocks <= MOST_ITERATIONS
  },
  async verify(passwordHash, password) {
    const { cost, salt, hash } = readPhc(passwordHash)
    const parameters = read(cost)
    if (parameters === null) return false
    const { iterations, bytes, digest } = parameters
    return isSameHash(hash, await derive(password, salt, iterations, bytes, digest))
  },
  decoy: (cost) => phcDecoy(cost, read(cost)?.bytes ?? LEAST_HASH_BYTES)
}
