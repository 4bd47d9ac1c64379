import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import t from 'tap'
import { isStrongKey } from '../../src/keys/strong-key.ts'

const PRIME = 2n ** 255n - 19n
/** of libsodium's list of points of small order */
const ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022n

const encode = (y: bigint, sign: 0 | 1): Buffer =>
  Buffer.from((y + (BigInt(sign) << 255n)).toString(16).padStart(64, '0'), 'hex').reverse()

const keyOf = (x: Buffer) =>
  createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') },
    format: 'jwk'
  })

t.test('an Ed25519 key of small order, for which anybody could sign, is not strong', async (t) => {
  const small = [0n, 1n, PRIME - 1n, ORDER_8, PRIME - ORDER_8, PRIME, PRIME + 1n].flatMap((y) =>
    ([0, 1] as const).map((sign) => encode(y, sign))
  )
  for (const x of small) t.notOk(isStrongKey(keyOf(x)), x.toString('hex'))
  // s = 0 and R = the neutral element, which is a signature for every message by the equation
  // alone.
  const forged = Buffer.concat([encode(1n, 0), Buffer.alloc(32)])
  t.notOk(verify(null, Buffer.from('text'), keyOf(encode(1n, 0)), forged), 'OpenSSL refuses it too')
})

t.test('an Ed25519 key that is no point, or has another encoding, is not strong', async (t) => {
  t.notOk(isStrongKey(keyOf(encode(2n, 0))), 'y = 2')
  t.notOk(isStrongKey(keyOf(encode(PRIME + 3n, 0))), 'y is not reduced')
  for (let count = 0; count < 20; count += 1) {
    t.ok(isStrongKey(generateKeyPairSync('ed25519').publicKey))
  }
})
