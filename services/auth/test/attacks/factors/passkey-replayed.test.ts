import { passkeyDevice } from '@gatehouse/fixtures/passkey-device'
import t from 'tap'
import { ALLOWED_ORIGIN } from '../../fixtures/auth-config.ts'
import { audited, authService, disable, password } from '../../fixtures/auth-service.ts'
import { memoryTransport } from '../../fixtures/mail/mail-instance.ts'
import {
  addPasskey,
  loginAlone,
  refused,
  waitingLogin,
  withPasskey
} from '../../fixtures/passkey.ts'
import { isProblem } from '../../fixtures/problem.ts'
import { challenged } from '../../fixtures/second-factor.ts'

/** One service; each test has accounts of its own. */
const transport = memoryTransport()
const auth = await authService(t, { mail: { transport } })

/** Waits until guesses at any account are due again. */
const calm = () => auth.clock.advance(6 * 3_600_000)
const waiting = (who: string) => waitingLogin(auth, who)
const answer = (challenge: string, passkey: unknown) =>
  auth.post('/login/factor', { challenge, passkey })

t.test('an assertion is used once, and a removed passkey never', async (t) => {
  const { headers, device, id } = await withPasskey(auth, 'once@example.com')
  const options = (await auth.post('/login/passkey/options')).json()
  const passkey = device.get(options)
  t.equal((await auth.post('/login/passkey', { passkey })).statusCode, 200)
  isProblem(t, await auth.post('/login/passkey', { passkey }), refused, 'replayed')
  const next = device.get(options)
  isProblem(t, await auth.post('/login/passkey', { passkey: next }), refused, 'the same challenge')

  calm()
  const second = await addPasskey(auth, headers)
  const { challenge, options: asked } = await waiting('once@example.com')
  const removed = { method: 'DELETE', url: `/factors/${id}`, headers } as const
  t.equal((await auth.service.inject(removed)).statusCode, 204)
  t.equal((await answer(challenge, device.get(asked))).statusCode, 401, 'a login that waited')
  isProblem(t, await loginAlone(auth, device), refused, 'alone')
  const fresh = await waiting('once@example.com')
  const late = await answer(fresh.challenge, device.get(fresh.options))
  t.equal(late.json().code, 'FACTOR_REQUIRED', 'after the password')
  t.equal((await loginAlone(auth, second.device)).statusCode, 200, 'the other one remains')
})

t.test(
  'a passkey counter that is not higher is refused and audited, and the user is notified',
  async (t) => {
    const { user, device, id } = await withPasskey(auth, 'cloned@example.com')
    t.equal((await loginAlone(auth, device, { counter: 7 })).statusCode, 200)
    for (const counter of [7, 6, 0]) {
      calm()
      isProblem(t, await loginAlone(auth, device, { counter }), refused, `${counter} after 7`)
    }
    const events = (await audited(auth)).filter(
      ({ kind, subject }) => kind === 'passkey-counter-regressed' && subject === user.id
    )
    t.strictSame(
      events.map(({ detail }) => JSON.parse(detail)),
      Array(3).fill({ passkey: id })
    )
    const metric = 'auth_passkey_counter_regressions_total'
    t.match(await auth.registry.getSingleMetricAsString(metric), `${metric} 3`)
    await auth.mail.deliverer.idle()
    const told = transport.sent.filter(({ letter }) => letter === 'passkey-suspected')
    t.match(told, Array(3).fill({ to: 'cloned@example.com', text: /was added on 20\d\d-/ }))
    // Of an unverified address, it could be a message of a stranger to the owner.
    t.notOk(
      told.some(({ text }) => text.includes('Laptop')),
      'without the name of the passkey'
    )
    calm()
    t.equal((await loginAlone(auth, device, { counter: 8 })).statusCode, 200, 'the owner gets in')

    const stranger = passkeyDevice({ origin: ALLOWED_ORIGIN })
    const options = (await auth.post('/login/passkey/options')).json()
    const owner = device.get(options)
    const { userHandle = null } = owner.response
    const passkey = stranger.get(options, { counter: 1, id: owner.id, userHandle })
    isProblem(t, await auth.post('/login/passkey', { passkey }), refused, 'of another key')
    const later = (await audited(auth)).filter(({ kind }) => kind === 'passkey-counter-regressed')
    t.equal(later.length, 3, 'only a right signature is a regression')
  }
)

t.test('nothing weaker replaces the passkey of an account', async (t) => {
  const { user, headers, device, who } = await withPasskey(auth, 'strict@example.com')
  const challenge = await challenged(auth, who)
  const enrolled = await auth.post('/login/factor/enrol', { challenge })
  t.equal(enrolled.json().code, 'FACTOR_REQUIRED', 'no other factor is added instead')
  const totp = await auth.post('/login/factor', { challenge, totp: '123456' })
  t.equal(totp.json().code, 'FACTOR_REQUIRED', 'no authenticator app answers for it')
  t.equal((await auth.post('/step-up', { password }, headers)).statusCode, 400, 'nor the password')

  calm()
  const change = { currentPassword: password, newPassword: 'another battery staple' }
  t.equal((await auth.post('/password', change, headers)).statusCode, 204)
  isProblem(t, await loginAlone(auth, device), refused, 'alone, after a change of the password')
  const login = { email: who, password: change.newPassword }
  const { challenge: asked, passkey } = (await auth.post('/login', login)).json()
  t.equal((await answer(asked, device.get(passkey))).statusCode, 200, 'with the new password')
  t.equal((await loginAlone(auth, device)).statusCode, 200, 'and from then on alone')

  await disable(auth, user.id)
  isProblem(t, await loginAlone(auth, device), refused, 'not if the account is disabled')
})

t.test('a login without a password reveals no account, and guesses are slowed', async (t) => {
  const { device, user, who, codes } = await withPasskey(auth, 'guessed@example.com')
  const asked = async () => {
    const { challenge, ...rest } = (await auth.post('/login/passkey/options')).json()
    return { ...rest, length: challenge.length }
  }
  const before = await asked()
  await withPasskey(auth, 'another@example.com')
  t.strictSame(await asked(), before, 'the options are the same')
  const named = { email: 'guessed@example.com' }
  t.equal((await auth.post('/login/passkey/options', named)).statusCode, 200)
  t.strictSame(
    await auth.database
      .selectFrom('login_challenges')
      .selectAll()
      .execute()
      .then((rows) => rows.filter(({ subject }) => subject === user.id)),
    [],
    'and nothing is stored'
  )
  const unknown = passkeyDevice({ origin: ALLOWED_ORIGIN })
  const userHandle = 'AAAA'
  isProblem(t, await loginAlone(auth, unknown, { userHandle }), refused, 'an unknown passkey')
  const answers = new Map<string, number>()
  for (let guess = 0; guess < 30; guess += 1) {
    const { code } = (await loginAlone(auth, device, { verified: false })).json()
    answers.set(code, (answers.get(code) ?? 0) + 1)
  }
  t.ok((answers.get('UNAUTHENTICATED') ?? 0) <= 10, JSON.stringify([...answers]))
  t.equal((await loginAlone(auth, device)).statusCode, 429, 'not even the right one is verified')
  const elsewhere = auth.gateway.from('198.51.100.9')
  const own = await loginAlone(auth, device, {}, elsewhere)
  t.equal(own.statusCode, 200, 'the owner in another network is not delayed')
  const { challenge } = await waitingLogin(auth, who)
  const [recoveryCode] = codes
  const byCode = await auth.post('/login/factor', { challenge, recoveryCode })
  t.equal(byCode.statusCode, 200, 'codes are counted separately')
  calm()
  t.equal((await loginAlone(auth, device)).statusCode, 200)
})
