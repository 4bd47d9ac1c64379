import { passkeyDevice } from '@gatehouse/fixtures/passkey-device'
import { decodeJwt } from 'jose'
import t from 'tap'
import { ALLOWED_ORIGIN } from '../../../fixtures/auth-config.ts'
import { type AuthUnderTest, authService, registered } from '../../../fixtures/auth-service.ts'
import { databaseKinds } from '../../../fixtures/database/databases.ts'
import { loginAlone } from '../../../fixtures/passkey.ts'
import { isProblem } from '../../../fixtures/problem.ts'
import { authenticator, challenged } from '../../../fixtures/second-factor.ts'

const ADD = '/login/factor/enrol/passkey'

const newDevice = () => passkeyDevice({ origin: ALLOWED_ORIGIN })

const begin = async (auth: AuthUnderTest, challenge: string) =>
  await auth.post(`${ADD}/options`, { challenge })

for (const { name, skip, make } of databaseKinds) {
  t.test(`${name}: the first login adds a passkey where one is required`, { skip }, async (t) => {
    const database = await (await make(t)).open()
    const auth = await authService(t, { database, secondFactor: 'required' })
    const { id } = await registered(auth)
    const challenge = await challenged(auth)
    const device = newDevice()
    const options = await begin(auth, challenge)
    t.equal(options.statusCode, 200)
    const passkey = device.create(options.json())
    const opened = await auth.post(ADD, { challenge, passkey, name: 'Laptop' })
    t.equal(opened.statusCode, 200, opened.body)
    const { accessToken, recoveryCodes } = opened.json()
    t.equal(recoveryCodes.length, 10)
    t.match(decodeJwt(accessToken), { sub: id, acr: 'aal2', amr: ['pwd', 'hwk', 'user', 'mfa'] })
    t.equal((await loginAlone(auth, device)).statusCode, 200, 'it opens sessions alone')
    const again = await auth.post(ADD, { challenge, passkey })
    isProblem(t, again, {
      code: 'UNAUTHENTICATED',
      detail: 'the challenge is unknown, used or expired: sign in again'
    })
  })

  t.test(
    `${name}: of several logins that add the first factor at once, one succeeds`,
    { skip },
    async (t) => {
      const database = await (await make(t)).open()
      const auth = await authService(t, { database, secondFactor: 'required' })
      await registered(auth)
      const [one, two, three] = [
        await challenged(auth),
        await challenged(auth),
        await challenged(auth)
      ]
      const app = authenticator(auth, await enrolled(auth, three))
      const by = async (challenge: string) => {
        const passkey = newDevice().create((await begin(auth, challenge)).json())
        return () => auth.post(ADD, { challenge, passkey })
      }
      const attempts = [await by(one), await by(two), await by(one)]
      const answers = await Promise.all([
        ...attempts.map((attempt) => attempt()),
        auth.post('/login/factor', { challenge: three, totp: app.code() })
      ])
      const codes = answers.map(({ statusCode }) => statusCode)
      t.equal(codes.filter((code) => code === 200).length, 1, codes.join())
      const accounts = await database.selectFrom('accounts').select('factors').execute()
      t.match(accounts, [{ factors: 1 }])
    }
  )
}

/** An authenticator that a login has added, and that is not confirmed. */
async function enrolled(auth: AuthUnderTest, challenge: string) {
  const { factor, secret } = (await auth.post('/login/factor/enrol', { challenge })).json()
  return { id: String(factor.id), secret: String(secret) }
}

t.test('a passkey is added only to the login for which it was made', async (t) => {
  const auth = await authService(t, { secondFactor: 'required' })
  await registered(auth)
  await registered(auth, 'eve@example.com')
  const challenge = await challenged(auth)
  const other = await challenged(auth, 'eve@example.com')
  const options = (await begin(auth, challenge)).json()
  const device = newDevice()
  const refused = {
    'of another account': { challenge: other, passkey: device.create(options) },
    'of another page': {
      challenge,
      passkey: passkeyDevice({ origin: 'https://evil.example' }).create(options)
    },
    'of another login': { challenge: await challenged(auth), passkey: device.create(options) }
  }
  for (const [what, body] of Object.entries(refused)) {
    t.equal((await auth.post(ADD, body)).json().code, 'INVALID_REQUEST', what)
  }
  t.equal((await begin(auth, 'x')).json().code, 'UNAUTHENTICATED')
  const foreign = { 'sec-fetch-site': 'cross-site' }
  const passkey = device.create(options)
  t.equal((await auth.post(ADD, { challenge, passkey }, foreign)).statusCode, 403)
  t.equal((await auth.post(ADD, { challenge, passkey })).statusCode, 200)
  // Now it has a factor, which the password alone does not replace.
  const next = await challenged(auth)
  t.match((await begin(auth, next)).json(), { code: 'FACTOR_REQUIRED', factors: ['passkey'] })
  const more = { challenge: next, passkey: newDevice().create(options) }
  t.equal((await auth.post(ADD, more)).json().code, 'FACTOR_REQUIRED')
})

t.test('a challenge takes five passkeys that are not valid, and no more', async (t) => {
  const auth = await authService(t, { secondFactor: 'required' })
  await registered(auth)
  const challenge = await challenged(auth)
  const options = (await begin(auth, challenge)).json()
  const bad = passkeyDevice({ origin: 'https://evil.example' }).create(options)
  for (let turn = 0; turn < 5; turn += 1) {
    t.equal((await auth.post(ADD, { challenge, passkey: bad })).statusCode, 400)
  }
  const passkey = newDevice().create(options)
  t.equal((await auth.post(ADD, { challenge, passkey })).json().code, 'UNAUTHENTICATED')
})

t.test('where there are no passkeys, the first login adds none', async (t) => {
  const auth = await authService(t, { secondFactor: 'required', passkeys: 'off' })
  await registered(auth)
  t.equal((await begin(auth, await challenged(auth))).json().code, 'FORBIDDEN')
})
