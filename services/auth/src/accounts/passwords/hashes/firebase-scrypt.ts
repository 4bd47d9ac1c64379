import { createCipheriv } from 'node:crypto'
import type { HashKind } from './hash-kind.ts'
import { isSameHash, phcDecoy, readPhc } from './phc.ts'
import { isScryptBounded, type ScryptCost, scryptDerive } from './scrypt.ts'

const COST =
  /^\$fbscrypt\$v=1,n=(\d+),r=(\d+),p=(\d+),ss=([A-Za-z0-9+/]*={0,2}),sk=([A-Za-z0-9+/]+={0,2})$/
const KEY_BYTES = 32
const LEAST_SIGNER_BYTES = 16
const MOST_SIGNER_BYTES = 128
const NO_IV = Buffer.alloc(16)

type FirebaseCost = ScryptCost & { readonly separator: Buffer; readonly signer: Buffer }

function read(cost: string): FirebaseCost | null {
  const [, ln, r, p, separator = '', signer = ''] = COST.exec(cost) ?? []
  if (p === undefined) return null
  return {
    ln: Number(ln),
    r: Number(r),
    p: Number(p),
    separator: Buffer.from(separator, 'base64'),
    signer: Buffer.from(signer, 'base64')
  }
}

/**
 * Firebase's variant of scrypt, in the form in which Supabase stores it. The hash is the project's
 * signer key, encrypted under a key that scrypt derives from the password. `sk` is the signer key,
 * `ss` the salt separator.
 */
export const firebaseScrypt: HashKind = {
  isCost(cost) {
    const parameters = read(cost)
    if (parameters === null) return false
    const { length } = parameters.signer
    return (
      length >= LEAST_SIGNER_BYTES && length <= MOST_SIGNER_BYTES && isScryptBounded(parameters)
    )
  },
  async verify(passwordHash, password) {
    const { cost, salt, hash } = readPhc(passwordHash)
    const parameters = read(cost)
    if (parameters === null) return false
    const { separator, signer } = parameters
    const salted = Buffer.concat([salt, separator])
    const key = await scryptDerive(password, salted, KEY_BYTES, parameters)
    return isSameHash(hash, createCipheriv('aes-256-ctr', key, NO_IV).update(signer))
  },
  decoy: (cost) => phcDecoy(cost, read(cost)?.signer.length ?? LEAST_SIGNER_BYTES)
}
