import { hash, verify } from '@node-rs/argon2'
import t from 'tap'
import { passwordCost } from '../../../src/accounts/passwords/hashes/hash-kinds.ts'
import { authService, disable, password, registered } from '../../fixtures/auth-service.ts'
import { isProblem } from '../../fixtures/problem.ts'

/** A response without the parts that differ between any two requests. */
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

t.test('a response does not show whether an account exists, or is disabled', async (t) => {
  const auth = await authService(t)
  await registered(auth, 'known@example.com')
  const { id } = await registered(auth, 'disabled@example.com')
  await disable(auth, id)
  const login = (email: string, password: string) => auth.post('/login', { email, password })

  const wrong = await login('known@example.com', 'a wrong password')
  isProblem(t, wrong, {
    code: 'UNAUTHENTICATED',
    detail: 'the e-mail address or the password is wrong'
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

t.test('after the cost was raised, the work does not show whether an account exists', async (t) => {
  const work: string[] = []
  const auth = await authService(t, {
    verify(passwordHash, text) {
      work.push(passwordCost(passwordHash))
      return verify(passwordHash, text)
    }
  })
  await registered(auth, 'new@example.com')
  await registered(auth, 'old@example.com')
  const cheaper = { memoryCost: 64, timeCost: 1, parallelism: 1 }
  await auth.database
    .updateTable('accounts')
    .set({ password_hash: await hash(password, cheaper) })
    .where('email', '=', 'old@example.com')
    .execute()
  const workOf = async (who: string, text: string) => {
    await auth.post('/login', { email: who, password: text })
    return work.splice(0).sort()
  }
  const both = ['$argon2id$v=19$m=1024,t=1,p=1', '$argon2id$v=19$m=64,t=1,p=1']
  for (const who of ['nobody@example.com', 'new@example.com', 'old@example.com']) {
    t.strictSame(await workOf(who, 'a wrong password'), both, who)
  }
  t.strictSame(await workOf('old@example.com', password), both, 'its hash is replaced')
  for (const who of ['nobody@example.com', 'new@example.com', 'old@example.com']) {
    t.strictSame(
      await workOf(who, 'a wrong password'),
      both.slice(0, 1),
      `${who}: one cost is left`
    )
  }
})
