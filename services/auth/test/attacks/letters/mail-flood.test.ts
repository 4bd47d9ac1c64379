import t from 'tap'
import { authService, registered } from '../../fixtures/auth-service.ts'
import { memoryTransport } from '../../fixtures/mail/mail-instance.ts'
import { isProblem } from '../../fixtures/problem.ts'

t.test('a caller can cause only a few letters per minute, whatever their addresses', async (t) => {
  const transport = memoryTransport()
  const auth = await authService(t, { lettersPerMinute: 3, mail: { transport } })
  const ask = (at: number, network: string) =>
    auth.post('/password/forgot', { email: `user${at}@example.com` }, auth.gateway.from(network))
  const statuses = []
  for (let at = 0; at < 5; at += 1) {
    statuses.push((await ask(at, `2001:db8::${at}`)).statusCode)
  }
  t.strictSame(statuses, [202, 202, 202, 429, 429], 'one IPv6 network')
  const limited = await ask(5, '2001:db8::5')
  isProblem(t, limited, { code: 'RATE_LIMITED' })
  t.match(limited.headers['retry-after'], /^\d+$/)
  t.equal((await ask(6, '192.0.2.1')).statusCode, 202, 'another network')
})

t.test('many callers cannot fill the queue, and registrations and logins still work', async (t) => {
  const transport = memoryTransport()
  const auth = await authService(t, { mail: { transport, mostWaiting: 5 } })
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, at) =>
      auth.post(
        '/password/forgot',
        { email: `user${at}@example.com` },
        auth.gateway.from(`192.0.2.${at}`)
      )
    )
  )
  const statuses = answers.map(({ statusCode }) => statusCode)
  t.equal(statuses.filter((status) => status === 202).length, 5)
  t.equal(statuses.filter((status) => status === 503).length, 7)
  t.equal((await auth.database.selectFrom('deliveries').selectAll().execute()).length, 5)
  await registered(auth)
  await auth.mail.deliverer.idle()
  t.equal((await auth.post('/password/forgot', { email: 'late@example.com' })).statusCode, 202)
})
