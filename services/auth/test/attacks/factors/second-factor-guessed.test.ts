import t from 'tap'
import { audited, authService, login, password, registered } from '../../fixtures/auth-service.ts'
import { isProblem } from '../../fixtures/problem.ts'
import {
  answered,
  challenged,
  enrol,
  headersOf,
  withFactor,
  wrongCodeOf
} from '../../fixtures/second-factor.ts'

/** One service; each test has an account of its own. */
const auth = await authService(t)

t.test('guesses at a second factor are slowed like guesses at a password', async (t) => {
  const email = 'slowed@example.com'
  const { user, app } = await withFactor(auth, email)
  const thief = auth.gateway.from('203.0.113.7')
  const counts = new Map<string, number>()
  let challenge = await challenged(auth, email, {}, thief)
  for (let guess = 0; guess < 200; guess += 1) {
    const answer = await answered(auth, { challenge, totp: wrongCodeOf(app) }, thief)
    const { code } = answer.json()
    counts.set(code, (counts.get(code) ?? 0) + 1)
    if (code === 'UNAUTHENTICATED') challenge = await challenged(auth, email, {}, thief)
    auth.clock.advance(1000)
  }
  const compared = (counts.get('FACTOR_REQUIRED') ?? 0) + (counts.get('UNAUTHENTICATED') ?? 0)
  t.ok(compared <= 14, `${compared} codes were compared in 200 seconds`)
  const kept = await challenged(auth, email, {}, thief)
  const right = await answered(auth, { challenge: kept, totp: app.next() }, thief)
  t.equal(right.json().code, 'RATE_LIMITED', 'not even the right one is, meanwhile')
  t.ok(Number(right.headers['retry-after']) > 0)
  const failed = (await audited(auth)).filter(
    ({ kind, subject }) => kind === 'factor-failed' && subject === user.id
  )
  t.ok(failed.length > 0 && failed.length <= compared, 'they are in the audit log')
})

t.test('a known device gets in while somebody guesses at the second factor', async (t) => {
  const email = 'known@example.com'
  const { app } = await withFactor(auth, email)
  const page = { 'sec-fetch-site': 'same-origin', ...auth.gateway.from('192.0.2.1') }
  const byCookie = { delivery: 'cookie' }
  const first = await challenged(auth, email, byCookie, page)
  const opened = await answered(auth, { challenge: first, totp: app.next() }, page)
  const device = opened.cookies.find(({ name }) => name === '__Host-device')?.value
  const thief = auth.gateway.from('203.0.113.7')
  for (let guess = 0; guess < 8; guess += 1) {
    const challenge = await challenged(auth, email, {}, thief)
    await answered(auth, { challenge, totp: wrongCodeOf(app) }, thief)
  }
  const known = { ...page, cookie: `__Host-device=${device}` }
  const challenge = await challenged(auth, email, byCookie, known)
  t.equal((await answered(auth, { challenge, totp: app.next() }, known)).statusCode, 200)
})

t.test('a device that was known before the first factor is no longer known', async (t) => {
  const email = 'stocked@example.com'
  const user = await registered(auth, email)
  const thief = { 'sec-fetch-site': 'same-origin', ...auth.gateway.from('203.0.113.7') }
  const byCookie = await auth.post('/login', { email, password, delivery: 'cookie' }, thief)
  const device = byCookie.cookies.find(({ name }) => name === '__Host-device')?.value
  const { app } = await enrol(auth, await headersOf(auth, user, await login(auth, email)))
  const guess = async (headers: Record<string, string>) => {
    const challenge = await challenged(auth, email, {}, headers)
    const answer = await answered(auth, { challenge, totp: wrongCodeOf(app) }, headers)
    return answer.json().code
  }
  for (let count = 0; count < 6; count += 1) await guess(thief)
  const stocked = { ...thief, cookie: `__Host-device=${device}` }
  t.equal(await guess(stocked), 'RATE_LIMITED', 'its guesses are counted with those of others')
})

t.test('of a burst of answers to one challenge, only five are checked', async (t) => {
  const email = 'burst@example.com'
  const { app } = await withFactor(auth, email)
  const challenge = await challenged(auth, email)
  const wrong = wrongCodeOf(app)
  const burst = Array.from({ length: 30 }, () => answered(auth, { challenge, totp: wrong }))
  const codes = (await Promise.all(burst)).map((answer) => answer.json().code)
  t.equal(codes.filter((code) => code === 'FACTOR_REQUIRED').length, 4)
  const late = await answered(auth, { challenge, totp: app.next() })
  t.not(late.statusCode, 200, 'the challenge is used up, even for the right code')
})

t.test('only a person who knows the password learns of a second factor', async (t) => {
  const email = 'plain@example.com'
  const { user } = await withFactor(auth, email)
  await registered(auth, 'single@example.com')
  const detail = 'the e-mail address or the password is wrong'
  for (const who of [email, 'single@example.com', 'nobody@example.com']) {
    const wrong = await auth.post('/login', { email: who, password: `${password}?` })
    isProblem(t, wrong, { code: 'UNAUTHENTICATED', detail }, who)
  }
  const challenges = auth.database.selectFrom('login_challenges').selectAll()
  t.strictSame(await challenges.where('subject', '=', user.id).execute(), [])
})

t.test('a right password alone makes neither the network nor the device known', async (t) => {
  const email = 'network@example.com'
  await withFactor(auth, email)
  const thief = auth.gateway.from('203.0.113.7')
  await challenged(auth, email, {}, thief)
  for (let guess = 0; guess < 6; guess += 1) {
    await auth.post('/login', { email, password: 'a guess' }, auth.gateway.from('198.51.100.9'))
  }
  const blocked = await auth.post('/login', { email, password }, thief)
  t.equal(blocked.json().code, 'RATE_LIMITED', 'it waits like every stranger')
})
