import t from 'tap'
import {
  audited,
  authService,
  disable,
  email,
  login,
  password,
  signedIn
} from '../../fixtures/auth-service.ts'
import { badText, missing, nothing, refusesBodies, unreadable } from '../../fixtures/bad-bodies.ts'
import { revokedSids } from '../../fixtures/families/stores.ts'
import { isProblem } from '../../fixtures/problem.ts'

const newPassword = 'another horse altogether'
const valid = { currentPassword: password, newPassword }

async function changing(t: Parameters<typeof authService>[0]) {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const headers = await auth.gateway.signedIn({ subject: user.id, session: tokens.session.id })
  const change = (body: unknown) => auth.post('/password', body, headers)
  return { auth, user, tokens, headers, change }
}

t.test('a change replaces the password and ends every other session', async (t) => {
  const { auth, tokens, change } = await changing(t)
  const other = await login(auth)

  const answer = await change(valid)

  t.equal(answer.statusCode, 204)
  t.equal((await auth.post('/login', { email, password })).statusCode, 401, 'not the old one')
  t.equal((await auth.post('/login', { email, password: newPassword })).statusCode, 200)
  const refresh = ({ refreshToken }: { refreshToken: string }) =>
    auth.post('/refresh-token', { refreshToken })
  isProblem(t, await refresh(other), { code: 'SESSION_ENDED' })
  t.equal((await refresh(tokens)).statusCode, 200, 'the session that changed it continues')
  t.strictSame(await revokedSids(auth.store), [other.session.id], 'every gateway hears of it')
  const kinds = (await audited(auth)).map(({ kind }) => kind)
  t.ok(kinds.includes('password-changed'))
})

t.test('guesses at the old password do not delay the new one', async (t) => {
  const { auth, change } = await changing(t)
  const elsewhere = auth.gateway.from('198.51.100.1')
  const login = (password: string) => auth.post('/login', { email, password }, elsewhere)
  for (let guess = 0; guess < 6; guess++) t.equal((await login('a guess')).statusCode, 401)
  isProblem(t, await login(password), { code: 'RATE_LIMITED' })
  t.equal((await change(valid)).statusCode, 204)
  t.equal((await login(newPassword)).statusCode, 200)
})

t.test('a caller without the old password changes nothing, and is slowed', async (t) => {
  const { auth, change } = await changing(t)
  for (let guess = 0; guess < 6; guess++) {
    const answer = await change({ ...valid, currentPassword: `guess ${guess}` })
    isProblem(t, answer, {
      code: 'UNAUTHENTICATED',
      detail: 'the e-mail address or the password is wrong'
    })
  }
  const slowed = await change(valid)
  isProblem(t, slowed, { code: 'RATE_LIMITED' })
  t.equal(slowed.headers['retry-after'], '1')
  t.equal((await auth.post('/login', { email, password })).statusCode, 200, 'it is the old one')
})

t.test('repeated changes with a wrong password are limited like guesses', async (t) => {
  const { auth, change } = await changing(t)
  t.equal((await change(valid)).statusCode, 204)
  t.equal((await change(valid)).statusCode, 204, 'its answer was lost, and it is asked for again')
  const unproven = {
    code: 'UNAUTHENTICATED',
    detail: 'the e-mail address or the password is wrong'
  } as const
  // A thief of the session's access token does not know either password.
  const guess = (newPassword: string) => change({ currentPassword: 'no such word', newPassword })
  isProblem(t, await guess(newPassword), unproven, 'the new one proves nothing without the old one')
  for (let wrong = 0; wrong < 4; wrong++) {
    isProblem(t, await guess(`not this one ${wrong}`), unproven)
  }
  isProblem(t, await guess('nor this one'), { code: 'RATE_LIMITED' })
  isProblem(
    t,
    await guess(newPassword),
    { code: 'RATE_LIMITED' },
    'the response is the same for the right one'
  )
  t.equal((await auth.post('/login', { email, password: newPassword })).statusCode, 200)
})

t.test('a change is repeated with both of its passwords, for ten minutes', async (t) => {
  const { auth, change } = await changing(t)
  t.equal((await change(valid)).statusCode, 204)
  const wrong = {
    code: 'UNAUTHENTICATED',
    detail: 'the e-mail address or the password is wrong'
  } as const
  isProblem(t, await change({ ...valid, newPassword: 'a third password' }), wrong, 'another one')
  isProblem(t, await change({ ...valid, currentPassword: 'a guess' }), wrong, 'without the old one')
  t.equal((await change(valid)).statusCode, 204, 'both')
  auth.clock.advance(600_001)
  isProblem(t, await change(valid), wrong, 'too late')
  const next = { currentPassword: newPassword, newPassword: 'a third password' }
  t.equal((await change(next)).statusCode, 204)
  isProblem(t, await change(valid), wrong, 'the change before the last')
  t.equal((await change(next)).statusCode, 204)
})

t.test('a new password must meet the rules of every password', async (t) => {
  const { auth, change } = await changing(t)
  const faults = {
    password: 'body/newPassword must not be one of the most common passwords',
    [email]: 'body/newPassword must not be the e-mail address',
    '\ud800bcdefghij': 'body/newPassword must be valid Unicode'
  }
  for (const [newPassword, detail] of Object.entries(faults)) {
    isProblem(t, await change({ ...valid, newPassword }), { code: 'INVALID_REQUEST', detail })
  }
  t.equal((await auth.post('/login', { email, password })).statusCode, 200)
})

t.test('a change of the password needs a signed-in user', async (t) => {
  const { auth, user, change } = await changing(t)
  isProblem(t, await auth.post('/password', valid), { code: 'UNAUTHENTICATED' })
  await disable(auth, user.id)
  isProblem(t, await change(valid), { code: 'SESSION_ENDED' })
})

t.test('one of two simultaneous changes succeeds', async (t) => {
  const { auth, change } = await changing(t)
  const passwords = ['the first of the two', 'the second of the two']
  const answers = await Promise.all(
    passwords.map((newPassword) => change({ currentPassword: password, newPassword }))
  )
  t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [204, 401])
  const winner = passwords[answers.findIndex(({ statusCode }) => statusCode === 204)]
  t.equal((await auth.post('/login', { email, password: winner })).statusCode, 200)
})

t.test('an invalid body is refused in the documented form', async (t) => {
  const { auth, headers } = await changing(t)
  await refusesBodies(
    t,
    auth,
    '/password',
    {
      ...unreadable(valid),
      ...nothing,
      ...missing(valid, 'currentPassword'),
      ...missing(valid, 'newPassword'),
      ...badText(valid, 'currentPassword', 1, 256),
      ...badText(valid, 'newPassword', 8, 256)
    },
    headers
  )
})
