import { randomBytes } from 'node:crypto'
import t from 'tap'
import { parseKeyRing } from '../../src/secrets/key-ring.ts'

const secret = (size = 32) => randomBytes(size).toString('base64url')

t.test('the first key of a ring makes tokens, and every key is found by its id', async (t) => {
  const [first, second] = [secret(), secret(64)]
  const ring = parseKeyRing(` 255:${first} ,\n0:${second}\n`)
  t.equal(ring.newest.id, 255)
  t.equal(ring.newest.secret.export().toString('base64url'), first)
  t.equal(ring.find(255), ring.newest)
  t.equal(ring.find(0)?.secret.export().toString('base64url'), second)
  t.equal(ring.find(1), null, 'an id that is not in it')
})

t.test('a ring without a key is a fault', async (t) => {
  for (const text of ['', ' \n , ']) t.throws(() => parseKeyRing(text), /ring .* is empty/)
})

t.test('two keys with one id are a fault', async (t) => {
  t.throws(() => parseKeyRing(`1:${secret()},1:${secret()}`), /two refresh keys have the same id/)
  t.throws(() => parseKeyRing(`1:${secret()},01:${secret()}`), 'also in another spelling')
})

t.test('a faulty key is reported by its position, never by its secret', async (t) => {
  const whole = secret()
  const faulty: Record<string, string> = {
    'an id over a byte': `256:${whole}`,
    'an id that is not a number': `one:${whole}`,
    'a negative id': `-1:${whole}`,
    'no id': whole,
    'no secret': '2:',
    'a secret that is too short': `2:${secret(31)}`,
    'a secret in another alphabet': `2:${whole.slice(0, -1)}=`,
    'a third part': `2:${whole}:${whole}`
  }
  for (const [title, entry] of Object.entries(faulty)) {
    const error: unknown = t.throws(() => parseKeyRing(`1:${secret()},${entry}`), title)
    const message = String(error)
    t.match(message, 'refresh key 2 ', 'it says which')
    t.notMatch(message, whole.slice(0, 8), 'and nothing of the secret')
  }
})
