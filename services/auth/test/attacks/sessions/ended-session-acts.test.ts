import t from 'tap'
import { authService, email, password } from '../../fixtures/auth-service.ts'
import { memoryTransport } from '../../fixtures/mail/mail-instance.ts'
import { isProblem } from '../../fixtures/problem.ts'
import { authenticator, withFactor } from '../../fixtures/second-factor.ts'

t.test('a request that a gateway admitted before its session ended changes nothing', async (t) => {
  const transport = memoryTransport()
  const auth = await authService(t, { mail: { transport } })
  const { headers, app } = await withFactor(auth)
  const added = (await auth.post('/factors', { type: 'totp' }, headers)).json()
  const pending = authenticator(auth, { id: added.factor.id, secret: added.secret })
  await auth.mail.deliverer.idle()
  const letters = transport.sent.length
  t.equal((await auth.post('/logout-all', undefined, headers)).statusCode, 204)

  const before = await auth.database.selectFrom('factors').selectAll().execute()
  const confirm = `/factors/${pending.id}/confirm`
  const answers = {
    'adds no factor': await auth.post('/factors', { type: 'totp' }, headers),
    'confirms no factor': await auth.post(confirm, { totp: pending.code() }, headers),
    'has no new recovery codes': await auth.post('/factors/recovery-codes', undefined, headers),
    'removes no factor': await auth.service.inject({
      method: 'DELETE',
      url: `/factors/${app.id}`,
      headers
    }),
    'changes no address': await auth.post('/email', { email: 'eve@example.com' }, headers),
    'strengthens no session': await auth.post('/step-up', { totp: app.next() }, headers)
  }
  for (const [title, answer] of Object.entries(answers)) {
    isProblem(t, answer, { code: 'SESSION_ENDED' }, title)
  }
  t.strictSame(await auth.database.selectFrom('factors').selectAll().execute(), before)
  await auth.mail.deliverer.idle()
  t.equal(transport.sent.length, letters, 'and no letter is sent')
  const login = await auth.post('/login', { email, password })
  t.equal(login.json().code, 'FACTOR_REQUIRED', 'the account has its factor')
})
