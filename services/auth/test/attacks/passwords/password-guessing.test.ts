import t from 'tap'
import { accountStore } from '../../../src/accounts/account-store.ts'
import {
  authService,
  email,
  password,
  registered,
  signedInBrowser
} from '../../fixtures/auth-service.ts'
import { source } from '../../fixtures/families/family-steps.ts'
import { isProblem } from '../../fixtures/problem.ts'

t.test(
  'guessing a thousand passwords for one account is slowed, from one address or many',
  async (t) => {
    const auth = await authService(t)
    await registered(auth)
    const statuses = new Map<number, number>()
    for (let guess = 0; guess < 1000; guess++) {
      const address = guess % 2 === 0 ? '203.0.113.1' : `198.51.100.${guess % 250}`
      const { statusCode } = await auth.post(
        '/login',
        { email, password: `guess ${guess}` },
        auth.gateway.from(address)
      )
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
      auth.clock.advance(1000)
    }
    // One guess per second for a thousand seconds. After the fifteenth guess, the waits add up to
    // more.
    t.strictSame([...statuses.keys()].sort(), [401, 429])
    t.ok((statuses.get(401) ?? 0) <= 16, `${statuses.get(401)} were looked at`)
    const right = await auth.post('/login', { email, password }, auth.gateway.from('203.0.113.1'))
    isProblem(t, right, { code: 'RATE_LIMITED', status: 429 })
    t.ok(Number(right.headers['retry-after']) > 0, 'not even the right one is, meanwhile')
  }
)

t.test('the owner’s known device still gets in', async (t) => {
  const auth = await authService(t)
  const { answer } = await signedInBrowser(auth)
  const device = answer.cookies.find(({ name }) => name === '__Host-device')
  t.match(device, { httpOnly: true, secure: true, sameSite: 'Strict', path: '/', maxAge: Number })
  t.notOk('domain' in (device ?? {}))
  for (let guess = 0; guess < 20; guess++) {
    await auth.post(
      '/login',
      { email, password: `guess ${guess}` },
      auth.gateway.from('203.0.113.1')
    )
  }
  const cookie = `__Host-device=${device?.value}`
  const at = (headers: Record<string, string>) => auth.post('/login', { email, password }, headers)
  t.equal(
    (await at({ ...auth.gateway.from('203.0.113.1'), cookie, 'sec-fetch-site': 'same-origin' }))
      .statusCode,
    200
  )
  t.equal(
    (await at(auth.gateway.from('203.0.113.1'))).statusCode,
    200,
    'its address is a known one from then on'
  )
  t.equal(
    (await at(auth.gateway.from('203.0.113.2'))).statusCode,
    429,
    'a stranger is as slow as before'
  )
  t.equal(
    (await at({ ...auth.gateway.from('203.0.113.2'), cookie: `${cookie}x` })).statusCode,
    429,
    'a forged cookie is none'
  )
})

t.test('a device that is known only for an earlier password counts as a stranger', async (t) => {
  const auth = await authService(t)
  const { user, answer } = await signedInBrowser(auth)
  const deviceOf = ({ cookies }: Pick<typeof answer, 'cookies'>) =>
    `__Host-device=${cookies.find(({ name }) => name === '__Host-device')?.value}`
  const before = deviceOf(answer)
  const newPassword = 'another horse battery'
  const caller = { subject: user.id, session: answer.json().session.id }
  const changed = await auth.post(
    '/password',
    { currentPassword: password, newPassword },
    { ...(await auth.gateway.signedIn(caller)), cookie: before }
  )
  t.equal(changed.statusCode, 204)
  const login = async (cookie: string, text: string) => {
    const headers = { ...auth.gateway.from('203.0.113.1'), cookie, 'sec-fetch-site': 'same-origin' }
    return (await auth.post('/login', { email, password: text }, headers)).statusCode
  }
  for (let guess = 0; guess < 20; guess++) await login(before, `guess ${guess}`)
  t.equal(await login(before, newPassword), 429, 'the earlier device is a stranger')
  t.equal(await login(deviceOf(changed), newPassword), 200, 'the one that made the change is not')
})

t.test('simultaneous guesses are limited like consecutive ones', async (t) => {
  const auth = await authService(t)
  await registered(auth)
  const burst = async (size: number) => {
    const answers = await Promise.all(
      Array.from({ length: size }, (_, guess) =>
        auth.post(
          '/login',
          { email, password: `guess ${guess}` },
          auth.gateway.from(`198.51.100.${guess}`)
        )
      )
    )
    for (const { statusCode } of answers) t.ok([401, 429].includes(statusCode))
    return answers.filter(({ statusCode }) => statusCode === 401).length
  }
  t.equal(await burst(60), 6)
  auth.clock.advance(1000)
  t.equal(await burst(60), 1, 'one when the wait is over')
})

t.test(
  'fifty simultaneous right logins from an unknown network do not slow each other',
  async (t) => {
    const auth = await authService(t)
    await registered(auth)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        auth.post('/login', { email, password }, auth.gateway.from('192.0.2.1'))
      )
    )
    t.strictSame(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
  }
)

t.test('a login in progress when the password changes opens no session', async (t) => {
  const auth = await authService(t, {
    // The moment between the check of the password and the end of the other sessions.
    families: (real) => ({
      ...real,
      async open(subject, sid, opened) {
        const account = await accountStore(auth.database).findById(subject)
        if (account === null) throw new Error('no account')
        const change = {
          passwordHash: 'another',
          requestHash: 'a request',
          sid: null,
          source,
          clock: auth.clock
        }
        const ended = await accountStore(auth.database).changePassword(account, change)
        await auth.state.ends.publishAll(subject, null, ended ?? [])
        return await real.open(subject, sid, opened)
      }
    })
  })
  await registered(auth)
  isProblem(t, await auth.post('/login', { email, password }), {
    code: 'UNAUTHENTICATED',
    detail: 'the e-mail address or the password is wrong'
  })
  const [account] = await auth.database.selectFrom('accounts').select('id').execute()
  t.strictSame(await auth.state.listSessions(account?.id ?? ''), [])
  t.strictSame(await auth.store.families.list(account?.id ?? ''), [], 'nothing is left alive')
})
