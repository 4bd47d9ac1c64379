import { markImported } from './argon2.ts'
import { bcryptHash } from './bcrypt.ts'
import { isKnownCost, passwordCost } from './hash-kinds.ts'
import {
  LEAST_HASH_BYTES,
  LEAST_SALT_BYTES,
  MOST_HASH_BYTES,
  MOST_SALT_BYTES,
  phcText,
  readPhc
} from './phc.ts'
import { saltedShaBytes } from './salted-sha.ts'

/** Why a hash of another system is refused, as the end of a sentence. */
export class ForeignHashFault extends Error {
  override readonly name = 'ForeignHashFault'
}

/** base64 in each of its alphabets, with or without padding */
const SALT_AND_HASH = /\$([A-Za-z0-9+/._-]+={0,2})\$([A-Za-z0-9+/._-]+={0,2})$/

type Spelling = readonly [RegExp, (parts: readonly string[]) => string]

const hexToBase64 = (hex = ''): string => Buffer.from(hex, 'hex').toString('base64')
const textToBase64 = (text = ''): string => Buffer.from(text).toString('base64')

const bytesOf = (coded = ''): Buffer =>
  // passlib's `ab64` writes a dot instead of a plus sign.
  Buffer.from(coded.replaceAll('.', '+'), 'base64')

const pbkdf2 = (digest = '', iterations = '', salt = '', hash = ''): string =>
  `$pbkdf2-${digest}$i=${iterations},l=${bytesOf(hash).length}$${salt}$${hash}`

const log2 = (n = ''): number => Math.log2(Number(n))

/** Every accepted spelling of a hash, and how to read it as cost, salt and hash. */
const spellings: readonly Spelling[] = [
  // PHC string form. passlib, Django and Supabase use it, or prefix their own name.
  [
    /^(?:argon2)?(\$argon2(?:id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$.+)$/,
    ([all = '']) => markImported(all)
  ],
  [
    /^(?:argon2)?\$(argon2(?:id|i|d))\$(m=\d+,t=\d+,p=\d+\$.+)$/,
    ([kind, rest]) => `$imported-${kind}$v=16$${rest}`
  ],
  [/^(\$scrypt\$ln=\d+,r=\d+,p=\d+\$.+)$/, ([all = '']) => all],
  [/^(\$fbscrypt\$.+)$/, ([all = '']) => all],
  [
    /^\$pbkdf2-(sha1|sha256|sha512)\$i=(\d+)(?:,l=\d+)?\$([A-Za-z0-9+/._-]+={0,2})\$([A-Za-z0-9+/._-]+={0,2})$/,
    ([digest, iterations, salt, hash]) => pbkdf2(digest, iterations, salt, hash)
  ],
  [
    /^\$pbkdf2-(sha256|sha512)\$(\d+)\$([A-Za-z0-9+/._-]+={0,2})\$([A-Za-z0-9+/._-]+={0,2})$/,
    ([digest, iterations, salt, hash]) => pbkdf2(digest, iterations, salt, hash)
  ],
  [
    /^\$pbkdf2\$(\d+)\$([A-Za-z0-9+/._-]+={0,2})\$([A-Za-z0-9+/._-]+={0,2})$/,
    ([iterations, salt, hash]) => pbkdf2('sha1', iterations, salt, hash)
  ],
  // Django: the salt is text.
  [
    /^pbkdf2_(sha1|sha256|sha512)\$(\d+)\$([^$]+)\$([A-Za-z0-9+/._-]+={0,2})$/,
    ([digest, iterations, salt, hash]) => pbkdf2(digest, iterations, textToBase64(salt), hash)
  ],
  // Werkzeug: the salt is text, the hash is hexadecimal.
  [
    /^pbkdf2:(sha1|sha256|sha512):(\d+)\$([^$]+)\$((?:[0-9a-f]{2})+)$/,
    ([digest, iterations, salt, hash]) =>
      pbkdf2(digest, iterations, textToBase64(salt), hexToBase64(hash))
  ],
  [
    /^scrypt:(\d+):(\d+):(\d+)\$([^$]+)\$((?:[0-9a-f]{2})+)$/,
    ([n, r, p, salt, hash]) =>
      `$scrypt$ln=${log2(n)},r=${r},p=${p}$${textToBase64(salt)}$${hexToBase64(hash)}`
  ],
  // LDAP (RFC 3112): the digest, and then the salt.
  [
    /^\{S(SHA|SHA256|SHA512)\}([A-Za-z0-9+/._-]+={0,2})$/,
    ([digest = '', both]) => {
      const cost = `$s${digest.toLowerCase()}`
      const length = saltedShaBytes(cost)
      const bytes = bytesOf(both)
      return phcText({ cost, hash: bytes.subarray(0, length), salt: bytes.subarray(length) })
    }
  ]
]

/**
 * A password hash of another system in the form in which it is stored here and verified at its
 * user's first login.
 * @throws ForeignHashFault
 */
export function readForeignHash(text: string): string {
  const stored = bcryptHash(text.replace(/^bcrypt\$(?=\$2)/, '')) ?? readSpelling(text)
  const cost = passwordCost(stored)
  if (!isKnownCost(cost)) {
    throw new ForeignHashFault(
      `has a cost that is too high, too low or malformed (${shownCost(cost)})`
    )
  }
  return stored
}

function readSpelling(text: string): string {
  for (const [form, write] of spellings) {
    const parts = form.exec(text)
    if (parts !== null) return wellFormed(write(parts.slice(1)))
  }
  throw new ForeignHashFault(
    'is of an unknown kind; accepted: bcrypt, argon2, scrypt, Firebase scrypt, PBKDF2 and salted SHA'
  )
}

/** Salt and hash as base64 of one spelling. A hash that is too short would match many passwords. */
function wellFormed(text: string): string {
  if (!SALT_AND_HASH.test(text)) throw new ForeignHashFault('is malformed')
  const parts = text.split('$')
  const [salt, hash] = parts.slice(-2).map(bytesOf)
  const { cost } = readPhc(text)
  if (salt === undefined || hash === undefined) throw new ForeignHashFault('is malformed')
  if (salt.length < LEAST_SALT_BYTES || salt.length > MOST_SALT_BYTES) {
    throw new ForeignHashFault(
      `must have a salt of ${LEAST_SALT_BYTES} to ${MOST_SALT_BYTES} bytes`
    )
  }
  if (hash.length < LEAST_HASH_BYTES || hash.length > MOST_HASH_BYTES) {
    throw new ForeignHashFault(`must have ${LEAST_HASH_BYTES} to ${MOST_HASH_BYTES} bytes`)
  }
  return phcText({ cost, salt, hash })
}

/** Without secrets: the cost of Firebase contains the project's key. */
const shownCost = (cost: string): string =>
  cost
    .replace(/,?(sk|ss)=[^,$]*/g, '')
    .replace('$imported-', '$')
    .slice(0, 80)
