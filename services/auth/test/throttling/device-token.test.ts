import fc from 'fast-check'
import t from 'tap'
import { parseKeyRing } from '../../src/secrets/key-ring.ts'
import { randomSecret } from '../../src/secrets/secrets.ts'
import { mintDeviceToken, readDeviceToken } from '../../src/throttling/device-token.ts'

const old = `1:${randomSecret()}`
const ring = parseKeyRing(old)
const email = 'ada@example.com'

t.test('a device is known to the account that it was made for, and to no other', async (t) => {
  const token = mintDeviceToken(email, ring)
  const device = readDeviceToken(token, email, ring)
  t.match(device, /^[\w-]{22}$/)
  t.equal(readDeviceToken(token, 'eve@example.com', ring), null)
  t.not(readDeviceToken(mintDeviceToken(email, ring), email, ring), device, 'each is another')
})

t.test('a device stays known after a key change, while the old key is in the ring', async (t) => {
  const token = mintDeviceToken(email, ring)
  t.ok(readDeviceToken(token, email, parseKeyRing(`2:${randomSecret()},${old}`)))
  t.equal(readDeviceToken(token, email, parseKeyRing(`1:${randomSecret()}`)), null)
})

t.test('no other bytes are a device token', async (t) => {
  const token = Buffer.from(mintDeviceToken(email, ring), 'base64url')
  for (let at = 0; at < token.length; at++) {
    const changed = Buffer.from(token)
    changed[at] = (changed[at] ?? 0) ^ 1
    t.equal(readDeviceToken(changed.toString('base64url'), email, ring), null, `byte ${at}`)
  }
  fc.assert(fc.property(fc.string(), (text) => readDeviceToken(text, email, ring) === null))
})
