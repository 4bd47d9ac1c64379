import t, { type Test } from 'tap'
import { authService, email, login, password, signedIn } from '../../fixtures/auth-service.ts'
import { memoryTransport, tokenOf } from '../../fixtures/mail/mail-instance.ts'
import { isProblem } from '../../fixtures/problem.ts'
import { answered, challenged, enrol, headersOf, withFactor } from '../../fixtures/second-factor.ts'

const chosen = 'of the real owner'

const transport = memoryTransport()
/** Most tests share this auth service, and each has an account of its own. */
const auth = await authService(t, { mail: { transport } })

/** An account with a second factor, and the e-mails to its owner. */
async function withMailbox() {
  const owner = await withFactor(auth)
  const tokenTo = async (to: string) => {
    await auth.mail.deliverer.idle()
    return tokenOf(transport.sent.findLast((one) => one.to === to) ?? { link: 'x:' })
  }
  /** Asserts that a login with this password still needs the factor. */
  const stillAsks = async (t: Test, secret: string, why: string) => {
    const answer = await auth.post('/login', { email, password: secret })
    t.match(answer.json(), { code: 'FACTOR_REQUIRED', factors: ['totp', 'recoveryCode'] }, why)
    const { challenge } = answer.json()
    const opened = await answered(auth, { challenge, totp: owner.app.next() })
    t.equal(opened.statusCode, 200, `${why}: the factor is the same`)
  }
  return { owner, tokenTo, stillAsks }
}

t.test('no letter to the address of an account replaces its second factor', async (t) => {
  const { owner, tokenTo, stillAsks } = await withMailbox()

  await auth.post('/email/verify/send', { email })
  const verified = await auth.post('/email/verify', { token: await tokenTo(email) })
  t.strictSame(Object.keys(verified.json()), ['resetToken'], 'a verification opens no session')
  const { resetToken: afterLink } = verified.json()
  await auth.post('/password/reset', { token: afterLink, newPassword: `${chosen} 0` })
  await stillAsks(t, `${chosen} 0`, 'after a link that was opened in another browser')

  await auth.post('/password/forgot', { email })
  const reset = { token: await tokenTo(email), newPassword: chosen }
  const done = await auth.post('/password/reset', reset)
  t.equal(done.statusCode, 204)
  t.strictSame(done.cookies, [], 'a reset opens no session')
  await stillAsks(t, chosen, 'after a reset of the password')

  const opened = await answered(auth, {
    challenge: (await auth.post('/login', { email, password: chosen })).json().challenge,
    recoveryCode: owner.codes[0] ?? ''
  })
  const headers = await headersOf(auth, owner.user, opened.json())
  await auth.post('/email', { email: 'lovelace@example.com' }, headers)
  const confirmed = await auth.post('/email/confirm', {
    token: await tokenTo('lovelace@example.com')
  })
  t.equal(confirmed.statusCode, 204)
  const undone = await auth.post('/email/undo', { token: await tokenTo(email) })
  t.strictSame(Object.keys(undone.json()), ['resetToken'], 'an undo opens no session')
  const { resetToken } = undone.json()
  await auth.post('/password/reset', { token: resetToken, newPassword: `${chosen} 2` })
  await stillAsks(t, `${chosen} 2`, 'after an undone change of the address')
})

t.test('a session of the password alone ends when its account gets a second factor', async (t) => {
  const who = 'early@example.com'
  const { user, tokens } = await signedIn(auth, who)
  const thief = await login(auth, who)
  await enrol(auth, await headersOf(auth, user, tokens))
  const { refreshToken } = thief
  isProblem(t, await auth.post('/refresh-token', { refreshToken }), { code: 'SESSION_ENDED' })
})

t.test(
  'a login that checked the password before a factor was added opens no session',
  async (t) => {
    const waiting: (() => void)[] = []
    let isHeld = false
    const auth = await authService(t, {
      verify: async () => {
        if (isHeld) await new Promise<void>((resolve) => waiting.push(resolve))
        return true
      }
    })
    const { user, tokens } = await signedIn(auth)
    isHeld = true
    const late = auth.post('/login', { email, password })
    while (waiting.length === 0) await new Promise(setImmediate)
    isHeld = false
    await enrol(auth, await headersOf(auth, user, tokens))
    for (const go of waiting) go()
    isProblem(t, await late, {
      code: 'UNAUTHENTICATED',
      detail: 'the e-mail address or the password is wrong'
    })
  }
)

t.test('a challenge opens only the login for which it was made', async (t) => {
  const who = 'grace@example.com'
  const ada = await withFactor(auth, who)
  const eve = await withFactor(auth, 'eve@example.com')
  const invalid = {
    code: 'UNAUTHENTICATED',
    detail: 'the challenge is unknown, used or expired: sign in again'
  } as const
  const next = () => auth.clock.advance(30_000)

  const adas = await challenged(auth, who)
  next()
  const mixed = await answered(auth, { challenge: adas, totp: eve.app.code() })
  t.equal(mixed.json().code, 'FACTOR_REQUIRED', 'the code of another account')
  const code = { challenge: adas, recoveryCode: eve.codes[0] ?? '' }
  t.equal((await answered(auth, code)).json().code, 'FACTOR_REQUIRED', 'nor its recovery code')
  t.equal((await answered(auth, { challenge: adas, totp: ada.app.code() })).statusCode, 200)
  next()
  isProblem(t, await answered(auth, { challenge: adas, totp: ada.app.code() }), invalid, 'used')

  const expired = await challenged(auth, who)
  auth.clock.advance(300_000)
  isProblem(t, await answered(auth, { challenge: expired, totp: ada.app.code() }), invalid, 'old')

  const beforeFactor = await challenged(auth, who)
  const second = await enrol(auth, ada.headers)
  next()
  const changed = await answered(auth, { challenge: beforeFactor, totp: second.app.code() })
  isProblem(t, changed, invalid, 'the factors have changed')

  const beforeChange = await challenged(auth, who)
  const change = { currentPassword: password, newPassword: chosen }
  t.equal((await auth.post('/password', change, ada.headers)).statusCode, 204)
  const stale = await answered(auth, { challenge: beforeChange, totp: ada.app.code() })
  isProblem(t, stale, invalid, 'the password has changed')

  const madeUp = { challenge: 'A'.repeat(43), totp: ada.app.code() }
  isProblem(t, await answered(auth, madeUp), invalid, 'made up')
})
