import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { decodeJwt } from 'jose'
import t from 'tap'
import { CLIENT_SECRET, openidProvider } from '../fixtures/providers/openid-provider.ts'
import {
  authWithProviders,
  begin,
  callback,
  exchange,
  returned
} from '../fixtures/providers/provider-login.ts'

const redirectUri = 'https://issuer.example/auth/login/providers/real/callback'

t.test('users of a real OpenID provider sign in', async (t) => {
  const { issuer, signIn } = await openidProvider(t, redirectUri)
  const clientSecretFile = join(dataFolder(t), 'client-secret')
  writeFileSync(clientSecretFile, `${CLIENT_SECRET}\n`)
  const auth = await authWithProviders(t, [{ id: 'real', issuer, clientSecretFile }])
  t.strictSame((await auth.get('/login/providers')).json(), {
    providers: [{ id: 'real', name: 'real' }]
  })
  const subjects: unknown[] = []
  for (const name of ['ada', 'ada', 'eve']) {
    const { location, browser, verifier } = await begin(auth, 'real')
    const query = await signIn(location, name)
    t.match(query, 'iss=', 'the provider names itself in the response (RFC 9207)')
    const { code } = returned(await callback(auth, 'real', query, browser))
    const answer = await exchange(auth, { code, verifier }, { delivery: 'cookie' })
    t.equal(answer.statusCode, 200, answer.body)
    t.ok(answer.cookies.some(({ name }) => name === '__Host-refresh'))
    const claims = decodeJwt(answer.json().accessToken)
    // The ID tokens of this provider have no address: it comes from the user info.
    t.match(claims, { email: `${name}@example.com`, amr: ['fed'] })
    subjects.push(claims.sub)
  }
  const [one, again, other] = subjects
  t.equal(one, again)
  t.not(one, other)
})
