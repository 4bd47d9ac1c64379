import { createHmac, randomBytes } from 'node:crypto'
import t from 'tap'
import { authService, signedIn } from '../../fixtures/auth-service.ts'
import { recordingFamilies } from '../../fixtures/families/recording-families.ts'
import { isProblem } from '../../fixtures/problem.ts'

/**
 * Modified copies of a real token. A token has 70 bytes: version, key id, account, family,
 * generation, MAC.
 */
const forgeries: Record<string, (bytes: Buffer) => void> = {
  'another version': (bytes) => bytes.writeUInt8(2, 0),
  'an unknown key': (bytes) => bytes.writeUInt8(8, 1),
  'another account': (bytes) => randomBytes(16).copy(bytes, 2),
  'another family': (bytes) => randomBytes(16).copy(bytes, 18),
  'the next generation': (bytes) => bytes.writeUInt32BE(1, 34),
  'a MAC of zeros': (bytes) => bytes.fill(0, 38),
  "a MAC under a key of the attacker's": (bytes) => {
    createHmac('sha256', randomBytes(32)).update(bytes.subarray(0, 38)).digest().copy(bytes, 38)
  },
  'a plain digest for a MAC': (bytes) => {
    createHmac('sha256', '').update(bytes.subarray(0, 38)).digest().copy(bytes, 38)
  }
}

t.test('a forged or garbled token is refused without a store call', async (t) => {
  let calls: string[] = []
  const auth = await authService(t, {
    families: (real) => {
      const recording = recordingFamilies(real)
      calls = recording.calls
      return recording.families
    }
  })
  const { tokens } = await signedIn(auth)
  const real = tokens.refreshToken
  const texts: Record<string, string> = {
    garbled: 'garbled',
    'cut short': real.slice(0, -1),
    'with padding': `${real}==`,
    'in another alphabet': real.replace(/.{4}$/, '+/+/'),
    'an access token': tokens.accessToken,
    "the session's public id": tokens.session.id
  }
  for (const [title, forge] of Object.entries(forgeries)) {
    const bytes = Buffer.from(real, 'base64url')
    forge(bytes)
    texts[title] = bytes.toString('base64url')
  }
  t.strictSame(calls.splice(0), ['open'], 'the login has called the store')

  for (const [title, refreshToken] of Object.entries(texts)) {
    const answer = await auth.post('/refresh-token', { refreshToken })
    if (refreshToken.length > 1024) continue
    isProblem(t, answer, { code: 'UNAUTHENTICATED' }, title)
    t.match(answer.headers['www-authenticate'], 'error="invalid_token"', title)
    t.equal((await auth.post('/logout', { refreshToken })).statusCode, 204, `${title}: logout`)
  }

  t.strictSame(calls, [], 'not once')
  await auth.post('/refresh-token', { refreshToken: real })
  t.strictSame(calls, ['present'], 'the real one is asked for, in one step')
})

t.test('a refresh token is not accepted as an assertion', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  for (const token of [tokens.refreshToken, tokens.accessToken]) {
    const answer = await auth.get('/me', { 'x-auth-assertion': token })
    isProblem(t, answer, { code: 'UNAUTHENTICATED' })
  }
})
