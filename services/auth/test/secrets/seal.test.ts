import { randomBytes } from 'node:crypto'
import { anyText } from '@gatehouse/fixtures/any-text'
import fc from 'fast-check'
import t from 'tap'
import { seal, unseal } from '../../src/secrets/seal.ts'

const key = randomBytes(32)
const sealed = seal('the secret', key, 'key 1')

t.test('every encrypted secret can be decrypted', async (t) => {
  const opens = fc.property(anyText(), fc.string(), (secret, about) => {
    return unseal(seal(secret, key, about), key, about) === secret
  })
  t.doesNotThrow(() => fc.assert(opens, { seed: 3 }))
})

t.test('an encrypted secret is not readable, and never the same twice', async (t) => {
  t.match(sealed, /^[\w-]+$/)
  t.notOk(Buffer.from(sealed, 'base64url').includes('secret'))
  t.not(seal('the secret', key, 'key 1'), sealed)
})

t.test('another key does not decrypt a secret', async (t) => {
  t.throws(() => unseal(sealed, randomBytes(32), 'key 1'))
})

t.test('a secret in the place of another one cannot be decrypted', async (t) => {
  t.throws(() => unseal(sealed, key, 'key 2'))
  t.throws(() => unseal(sealed, key, ''))
})

t.test('a secret with any changed bit cannot be decrypted', async (t) => {
  const bytes = Buffer.from(sealed, 'base64url')
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes)
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    t.throws(() => unseal(flipped.toString('base64url'), key, 'key 1'), `bit ${bit}`)
  }
})

t.test('a shortened or extended secret cannot be decrypted', async (t) => {
  const bytes = Buffer.from(sealed, 'base64url')
  for (let length = 0; length < bytes.length; length++) {
    const start = bytes.subarray(0, length).toString('base64url')
    t.throws(() => unseal(start, key, 'key 1'), `the first ${length} bytes`)
  }
  const longer = Buffer.concat([bytes, Buffer.alloc(1)]).toString('base64url')
  t.throws(() => unseal(longer, key, 'key 1'), 'a byte more')
})

t.test('a secret with a shortened tag cannot be decrypted', async (t) => {
  const short = randomBytes(4).toString('base64url')
  t.throws(() => unseal(short, key, ''), /invalid authentication tag length/i, 'it is not tried')
})
