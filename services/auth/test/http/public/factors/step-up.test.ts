import { Refusal } from '@gatehouse/problem/refusal'
import { decodeJwt } from 'jose'
import t from 'tap'
import { audited, authService, password, signedIn } from '../../../fixtures/auth-service.ts'
import { isProblem } from '../../../fixtures/problem.ts'
import { enrol, headersOf, wrongCodeOf } from '../../../fixtures/second-factor.ts'

const authentication = (accessToken: string) => {
  const { auth_time, acr, amr } = decodeJwt(accessToken)
  return { auth_time, acr, amr }
}

/** Each test has an account of its own. */
const auth = await authService(t)

t.test('a step-up strengthens the session, and its next refresh says so', async (t) => {
  const { user, tokens } = await signedIn(auth)
  const headers = await headersOf(auth, user, tokens)
  const seconds = () => Math.floor(auth.clock() / 1000)
  const openedAt = seconds()
  let { refreshToken } = tokens
  const refreshed = async () => {
    const answer = await auth.post('/refresh-token', { refreshToken })
    refreshToken = answer.json().refreshToken
    return authentication(answer.json().accessToken)
  }
  const stepUp = (proof: Record<string, string>) => auth.post('/step-up', proof, headers)
  t.strictSame(authentication(tokens.accessToken), {
    auth_time: openedAt,
    acr: 'aal1',
    amr: ['pwd']
  })

  auth.clock.advance(3_600_000)
  isProblem(t, await stepUp({ password: 'a guess' }), {
    code: 'UNAUTHENTICATED',
    detail: 'the e-mail address or the password is wrong'
  })
  isProblem(t, await stepUp({ totp: '123456' }), {
    code: 'INVALID_REQUEST',
    detail: 'body must have exactly one of password and provider: the account has no second factor'
  })
  t.equal((await refreshed()).auth_time, openedAt, 'a refused one changes nothing')
  t.equal((await stepUp({ password })).statusCode, 204)
  const withPassword = { auth_time: seconds(), acr: 'aal1', amr: ['pwd'] }
  t.strictSame(await refreshed(), withPassword)

  const { app, codes } = await enrol(auth, headers)
  const raised = { ...withPassword, acr: 'aal2', amr: ['pwd', 'otp', 'mfa'] }
  t.strictSame(await refreshed(), raised, 'the session that adds a factor has proved it')
  auth.clock.advance(3_600_000)
  isProblem(t, await stepUp({ password }), {
    code: 'INVALID_REQUEST',
    detail:
      'body must have exactly one of passkey, totp and recoveryCode: the account has a second factor'
  })
  const wrong = {
    code: 'UNAUTHENTICATED',
    detail: 'the code is wrong, or was used before'
  } as const
  isProblem(t, await stepUp({ totp: wrongCodeOf(app) }), wrong)
  t.equal((await stepUp({ totp: app.code() })).statusCode, 204)
  isProblem(t, await stepUp({ totp: app.code() }), wrong, 'a code strengthens one session')
  t.strictSame(await refreshed(), { ...raised, auth_time: seconds() })
  auth.clock.advance(60_000)
  const [recoveryCode = ''] = codes
  t.equal((await stepUp({ recoveryCode })).statusCode, 204)
  t.strictSame(await refreshed(), { ...raised, auth_time: seconds() })
  const events = (await audited(auth)).filter(({ kind }) => kind === 'stepped-up')
  t.strictSame(
    events.map(({ sid, detail }) => [sid, JSON.parse(detail).amr]),
    ['pwd', 'pwd otp mfa', 'pwd otp mfa'].map((amr) => [tokens.session.id, amr])
  )
  await auth.post('/logout', { refreshToken })
  isProblem(t, await stepUp({ totp: app.next() }), { code: 'SESSION_ENDED' })
})

t.test('a step-up is not undone by an outage of the store of guesses', async (t) => {
  let isAway = false
  const auth = await authService(t, {
    guesses: (real) => ({
      ...real,
      async by(caller) {
        const own = await real.by(caller)
        if (!isAway) return own
        const outage = new Refusal('UNAVAILABLE', { reason: 'the session store did not answer' })
        return { ...own, succeeded: () => Promise.reject(outage) }
      }
    })
  })
  const { user, tokens } = await signedIn(auth)
  const headers = await headersOf(auth, user, tokens)
  const { app } = await enrol(auth, headers)
  auth.clock.advance(3_600_000)
  isAway = true
  t.equal((await auth.post('/step-up', { totp: app.code() }, headers)).statusCode, 204)
  const { refreshToken } = tokens
  const { accessToken } = (await auth.post('/refresh-token', { refreshToken })).json()
  t.equal(authentication(accessToken).auth_time, Math.floor(auth.clock() / 1000))
})

t.test('guesses with a stolen access token are slowed', async (t) => {
  const { user, tokens } = await signedIn(auth, 'stolen@example.com')
  const headers = await headersOf(auth, user, tokens)
  const { app } = await enrol(auth, headers)
  const codes: string[] = []
  for (let guess = 0; guess < 8; guess += 1) {
    const answer = await auth.post('/step-up', { totp: wrongCodeOf(app) }, headers)
    codes.push(answer.json().code)
  }
  t.ok(codes.includes('RATE_LIMITED'), codes.join(' '))
  const right = await auth.post('/step-up', { totp: app.next() }, headers)
  t.equal(right.statusCode, 204, 'half a minute later')
})
