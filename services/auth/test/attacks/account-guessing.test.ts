import t from 'tap'
import { authService, disable, password, registered } from '../fixtures/auth-service.ts'
import { isProblem } from '../fixtures/problem.ts'

/** All of an answer but what differs between any two requests. */
function shown({
  statusCode,
  headers,
  body
}: {
  statusCode: number
  headers: object
  body: string
}) {
  const { requestId, ...rest } = JSON.parse(body)
  const { 'x-request-id': id, date, ...others } = headers as Record<string, unknown>
  return { statusCode, body: rest, headers: others }
}

t.test('an answer does not tell whether an account exists, or is disabled', async (t) => {
  const auth = await authService(t)
  await registered(auth, 'known@example.com')
  const { id } = await registered(auth, 'disabled@example.com')
  await disable(auth, id)
  const login = (email: string, password: string) => auth.post('/login', { email, password })

  const wrong = await login('known@example.com', 'a wrong password')
  isProblem(t, wrong, {
    ...{ code: 'UNAUTHENTICATED', detail: 'the e-mail or the password is wrong' }
  })
  const others = {
    'an unknown e-mail': await login('unknown@example.com', password),
    'no e-mail at all': await login('unknown', password),
    'a disabled account': await login('disabled@example.com', password),
    'a disabled account and a wrong password': await login('disabled@example.com', 'a wrong one')
  }
  for (const [title, answer] of Object.entries(others)) {
    t.strictSame(shown(answer), shown(wrong), title)
  }
})
