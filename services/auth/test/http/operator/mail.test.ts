import { operator } from '@gatehouse/fixtures/operator'
import t from 'tap'
import type { Attempt } from '../../../src/outbox/delivery.ts'
import { authService, OPS_TOKEN, registered } from '../../fixtures/auth-service.ts'
import { isProblem } from '../../fixtures/problem.ts'

const headers = { authorization: `Bearer ${OPS_TOKEN}` }

t.test('an operator lists letters without addresses, retries and discards dead ones', async (t) => {
  const refused: Attempt = {
    outcome: 'failed',
    fault: 'refused',
    status: 550,
    retryAfterMs: null,
    isFinal: true
  }
  const answers: Attempt[] = [refused, refused, refused]
  const transport = {
    send: async () => answers.shift() ?? { outcome: 'delivered' as const, status: 250 }
  }
  const auth = await authService(t, { mail: { transport, concurrency: 1 } })
  const AUTH_OPS_URL = await auth.ops.listen({ host: '127.0.0.1', port: 0 })
  const ops = operator('', { AUTH_OPS_URL, AUTH_OPS_TOKEN: OPS_TOKEN })
  for (const who of ['ada', 'ben', 'cyd']) {
    await registered(auth, `${who}@example.com`)
    await auth.post('/password/forgot', { email: `${who}@example.com` })
  }
  await auth.mail.deliverer.idle()

  const listed = await ops(['mail', 'list', '--state', 'dead'])
  t.match(listed.stdout, /password-reset\s+dead\s+1\s+refused 550/)
  t.match(listed.stdout, '3 e-mails')
  t.notMatch(listed.stdout, '@')
  const { letters } = (await ops(['mail', 'list', '--json'])).json as { letters: { id: string }[] }
  const [first = { id: '' }, second = { id: '' }] = letters
  t.match(await ops(['mail', 'retry', first.id]), { code: 0, stdout: /is queued again/ })
  t.match(await ops(['mail', 'discard', second.id]), { code: 1, stderr: /--yes/ })
  t.match(await ops(['mail', 'discard', second.id, '--yes']), { code: 0, stdout: /is discarded/ })
  t.match(await ops(['mail', 'discard', second.id, '--yes']), {
    code: 1,
    stderr: /no pending or dead/
  })
  t.match(await ops(['mail', 'retry', '--all']), { code: 0, stdout: 'queued again: 1\n' })
  t.match(await ops(['mail', 'retry']), { code: 2, stderr: /Name an e-mail, or use --all/ })
  t.match(await ops(['mail', 'retry', first.id, '--all']), { code: 2 })
  await auth.mail.deliverer.idle()
  const states = (await ops(['mail', 'list', '--limit', '2', '--json'])).json.letters
  t.match(states, [{ state: 'delivered' }, { state: 'discarded' }])

  const wrong = await auth.ops.inject({ url: '/ops/mail?state=lost', headers })
  const detail = 'querystring/state must be one of: pending, delivered, dead, discarded'
  isProblem(t, wrong, { code: 'INVALID_REQUEST', detail })
})
