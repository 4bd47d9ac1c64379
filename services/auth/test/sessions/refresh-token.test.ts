import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { mayBeRefreshToken } from '@gatehouse/access-token/refresh-token-form'
import { runs } from '@gatehouse/fixtures/generated'
import fc from 'fast-check'
import t from 'tap'
import { refreshTokenExample } from '../../src/http/fields.ts'
import { type KeyRing, parseKeyRing } from '../../src/secrets/key-ring.ts'
import {
  mintRefreshToken,
  newFamily,
  type RefreshToken,
  readRefreshToken,
  sessionId
} from '../../src/sessions/refresh-token.ts'

const key = (id: number) => `${id}:${randomBytes(32).toString('base64url')}`
const ownKey = key(7)
const ring = parseKeyRing(ownKey)
const token: RefreshToken = { subject: randomUUID(), family: newFamily(), generation: 41 }
const text = mintRefreshToken(token, ring)

const bytes = (size: number) =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((array) => Buffer.from(array))
const anyToken: fc.Arbitrary<RefreshToken> = fc.record(
  {
    subject: fc.uuid(),
    family: bytes(16),
    generation: fc.integer({ min: 0, max: 0xff_ff_ff_ff })
  },
  { noNullPrototype: true }
)

/** The changed bytes of our token, with a valid MAC for them. */
function forged(change: (bytes: Buffer) => void, { newest }: KeyRing): string {
  const forgery = Buffer.from(text, 'base64url')
  change(forgery)
  createHmac('sha256', newest.secret).update(forgery.subarray(0, 38)).digest().copy(forgery, 38)
  return forgery.toString('base64url')
}

t.test('a token is read as it was made', async (t) => {
  fc.assert(
    fc.property(anyToken, (token) => {
      t.strictSame(readRefreshToken(mintRefreshToken(token, ring), ring), token)
    }),
    { seed: 1 }
  )
})

t.test('a token is the same bytes every time, so it can be issued again', async (t) => {
  t.equal(mintRefreshToken({ ...token }, parseKeyRing(ownKey)), text)
  t.not(mintRefreshToken({ ...token, generation: 42 }, ring), text, 'the next generation is not')
})

t.test('a token is base64url text that fits a cookie', async (t) => {
  t.match(text, /^[A-Za-z0-9_-]{94}$/)
})

t.test('a family has a last generation', async (t) => {
  t.throws(() => mintRefreshToken({ ...token, generation: 2 ** 32 }, ring), RangeError)
})

t.test('a token with any flipped bit is refused', async (t) => {
  const whole = Buffer.from(text, 'base64url')
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const flipped = Buffer.from(whole)
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    if (readRefreshToken(flipped.toString('base64url'), ring) !== null) t.fail(`bit ${bit}`)
  }
  t.equal(whole.length, 70, 'none of 560 bits')
})

t.test('every other encoding of a token is refused', async (t) => {
  const spareBits = text.slice(0, -1) + nextLetter(text.slice(-1))
  t.same(Buffer.from(spareBits, 'base64url'), Buffer.from(text, 'base64url'), 'the same bytes')
  const spellings: Record<string, string> = {
    'with spare bits set': spareBits,
    'with padding': `${text}==`,
    'cut, with padding to the same length': `${text.slice(0, -2)}==`,
    'with the standard alphabet': `${text.slice(0, -3)}+/${text.slice(-1)}`,
    'with a space in front': ` ${text}`,
    'with a line feed behind': `${text}\n`,
    'as a number of code units that decode to nothing': '\u{1f511}'.repeat(47),
    empty: ''
  }
  for (const [title, spelling] of Object.entries(spellings)) {
    t.equal(readRefreshToken(spelling, ring), null, title)
  }
})

/** The letter of the alphabet that differs only in the lowest bit. */
function nextLetter(letter: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet.charAt(alphabet.indexOf(letter) ^ 1)
}

t.test('a shortened or extended token is refused', async (t) => {
  for (let length = 0; length < text.length; length++) {
    if (readRefreshToken(text.slice(0, length), ring) !== null) t.fail(`the first ${length}`)
  }
  t.equal(readRefreshToken(`${text}A`, ring), null)
  t.equal(readRefreshToken(text + text, ring), null)
})

t.test('any other text is refused', async (t) => {
  const random = bytes(70).map((random) => random.toString('base64url'))
  const refused = fc.property(fc.oneof(fc.string(), fc.base64String(), random), (other) => {
    return readRefreshToken(other, ring) === null
  })
  t.doesNotThrow(() => fc.assert(refused, runs(5000)))
})

t.test('a refresh token of another version is refused, although its MAC is right', async (t) => {
  t.ok(
    readRefreshToken(
      forged((bytes) => bytes.writeUInt8(1, 0), ring),
      ring
    ),
    'version 1 is ours'
  )
  for (const version of [0, 2, 255]) {
    const forgery = forged((bytes) => bytes.writeUInt8(version, 0), ring)
    t.equal(readRefreshToken(forgery, ring), null, `version ${version}`)
  }
})

t.test('a token of a key that is not in the ring is refused', async (t) => {
  t.equal(readRefreshToken(text, parseKeyRing(key(8))), null, 'an unknown id')
  t.equal(readRefreshToken(text, parseKeyRing(key(7))), null, 'the same id with another secret')
})

t.test('a token of one key under the id of another is refused', async (t) => {
  const both = parseKeyRing(`${key(8)},${ownKey}`)
  const renamed = Buffer.from(text, 'base64url')
  renamed.writeUInt8(8, 1)
  t.equal(readRefreshToken(renamed.toString('base64url'), both), null)
})

t.test('after a key change, older tokens are accepted, and new ones use the new key', async (t) => {
  const changed = parseKeyRing(`${key(8)},${ownKey}`)
  t.strictSame(readRefreshToken(text, changed), token, 'made under the older key')
  t.equal(readRefreshToken(mintRefreshToken(token, changed), ring), null, 'unknown to the old ring')
})

t.test("a session's id is not its family's, is always the same, and 128 bits", async (t) => {
  const sid = sessionId(token.family)
  t.equal(sessionId(Buffer.from(token.family)), sid)
  t.match(sid, /^[\w-]{22}$/)
  t.not(sid, token.family.toString('base64url'))
  t.notMatch(text, sid, 'and no part of the token')
  const known = sessionId(Buffer.alloc(16))
  t.equal(known, 'UDC7Z_EjYJ1e_TuWqeihUQ', 'in every version: the store is keyed by it')
})

t.test('no two families are equal', async (t) => {
  t.equal(new Set(Array.from({ length: 1000 }, () => newFamily().toString('hex'))).size, 1000)
  t.equal(newFamily().length, 16, '128 random bits')
})

t.test('a gateway knows every refresh token by its form', async (t) => {
  for (const id of [0, 7, 255]) {
    const of = mintRefreshToken({ ...token, family: newFamily() }, parseKeyRing(key(id)))
    t.ok(mayBeRefreshToken(of), of)
  }
  for (const example of Object.values(refreshTokenExample))
    t.ok(mayBeRefreshToken(example), example)
})
