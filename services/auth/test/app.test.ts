import t from 'tap'
import { generateSigningKey } from '../src/keys/signing-key.ts'
import { authService } from './fixtures/auth-service.ts'

t.test('a service without an active key does not start', async (t) => {
  const standby = await generateSigningKey('ES256', 'standby')
  await t.rejects(authService(t, { signingKeys: [standby] }), /no signing key is active/)
})
