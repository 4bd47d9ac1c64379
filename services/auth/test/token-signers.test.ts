import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import { generateSigningKey } from '../src/keys/signing-key.ts'
import { tokenSigners } from '../src/token-signers.ts'

const now = testClock()() / 1000
const claims = {
  iss: 'i',
  aud: 'a',
  sub: 's',
  exp: now + 300,
  iat: now,
  nbf: now,
  jti: 'j',
  client_id: 'c',
  scope: '',
  roles: []
}

t.test('while other keys are prepared, the previous ones still sign', async (t) => {
  const [one, other] = await Promise.all([
    generateSigningKey('ES256', 'active'),
    generateSigningKey('RS256', 'active')
  ])
  const signers = tokenSigners()
  await signers.prepare([one])
  t.throws(() => signers.sign(claims, other), /no signer is prepared/)
  const forgetOthers = await signers.prepare([other])
  t.ok(signers.sign(claims, one))
  t.ok(signers.sign(claims, other))
  forgetOthers()
  t.throws(() => signers.sign(claims, one), /no signer is prepared/)
  t.ok(signers.sign(claims, other))
})
