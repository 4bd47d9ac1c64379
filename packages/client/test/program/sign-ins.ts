import { shownCode } from '@gatehouse/fixtures/authenticator'
import { linkOfLetter } from '@gatehouse/fixtures/letters'
import type { Test } from 'tap'
import { accountOf } from '../../src/account.ts'
import { createClient, GatehouseProblem } from '../../src/client.ts'
import { notedClient, sharedStorage } from '../fixtures/noted-client.ts'
import { reactNative } from '../fixtures/react-native.ts'
import type { Programs } from './programs.ts'

/** Programs register, sign in with one and two factors, and sign out. */
export async function signIns(t: Test, { baseUrl, folder, someone }: Programs): Promise<void> {
  await t.test('a program completes a login with a second factor', async (t) => {
    const { client, user, token } = await someone()
    const send = async (path: string, body: object) => {
      const headers = { 'content-type': 'application/json' }
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      const answer: unknown = await (await client.fetch(path, init)).json()
      return answer as { factor: { id: string }; secret: string; recoveryCodes: [string, string] }
    }
    const { factor, secret } = await send('/auth/factors', { type: 'totp' })
    const totp = shownCode(secret)
    t.equal((await client.fetch('/strong/echo')).status, 401, 'a password alone')
    const { recoveryCodes } = await send(`/auth/factors/${factor.id}/confirm`, { totp })
    const raised = await client.fetch('/strong/echo')
    t.equal(raised.status, 200, 'after a step-up, the client gets another token by itself')
    await client.logout()
    const problem = await client.login(user).catch((error: unknown) => error)
    if (!(problem instanceof GatehouseProblem)) throw problem
    t.match(problem, { code: 'FACTOR_REQUIRED', factors: ['totp', 'recoveryCode'] })
    t.equal(token(), null, 'no session yet')
    const { challenge = '' } = problem
    const again = client.login({ challenge, totp })
    await t.rejects(again, { code: 'FACTOR_REQUIRED' }, 'the code was used')
    const opened = await client.login({ challenge, recoveryCode: recoveryCodes[0] })
    t.strictSame(await client.session(), opened)
    await t.rejects(client.login({ challenge, totp }), { code: 'UNAUTHENTICATED' })
  })

  await t.test('a program registers, signs in, calls a service and signs out', async (t) => {
    const { client, user, session, token } = await someone()
    const ends: unknown[] = []
    client.onSessionEnd((end) => ends.push(end))

    t.strictSame(await client.session(), session)
    const placed = await client.fetch('/orders', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ item: 'book', quantity: 2 })
    })
    t.equal(placed.status, 201)
    const access = await client.getAccessToken()
    t.type(token(), 'string', 'the storage has the refresh token')

    await client.logout()
    t.equal(token(), null)
    t.strictSame(ends, [{ sessionId: session.id, reason: 'logout' }])
    t.equal(await client.session(), null)
    t.equal(await client.getAccessToken(), null)
    t.equal((await client.fetch('/orders')).status, 401)
    const used = await fetch(`${baseUrl}/orders`, {
      headers: { authorization: `Bearer ${access}` }
    })
    t.equal(used.status, 401, 'the access token has ended too')
    await client.login(user)
    t.equal((await client.fetch('/orders')).status, 200, 'the next login works')
  })

  await t.test('a user verifies the address and changes the password', async (t) => {
    const { client, user } = await someone()
    const { email } = user
    const account = accountOf(client)
    const { pageSecret } = await account.sendVerification({ email })
    const token = (await linkOfLetter(folder, 'verify-email', email)).hash.slice('#token='.length)
    const { resetToken } = await account.verifyEmail({ token, pageSecret })
    await t.rejects(account.verifyEmail({ token, pageSecret }), { code: 'FORBIDDEN', status: 403 })
    const password = 'a battery of horses'
    await account.resetPassword({ token: resetToken ?? '', newPassword: password })
    await client.login({ email, password })

    const change = { currentPassword: password, newPassword: 'a staple of batteries' }
    t.equal(await account.changePassword(change), undefined)
    t.equal((await client.fetch('/orders')).status, 200, 'this session continues')
    const wrong = { currentPassword: password, newPassword: 'a battery of staples' }
    await t.rejects(account.changePassword(wrong), { code: 'UNAUTHENTICATED', detail: /password/ })
    await t.rejects(account.changeEmail({ email: 'x' }), { code: 'INVALID_REQUEST', status: 400 })
    await client.logout()
    await t.rejects(account.changeEmail({ email: 'new@example.com' }), { code: 'UNAUTHENTICATED' })
  })

  await t.test('a user exports and deletes the account', async (t) => {
    const { client, user } = await someone()
    const account = accountOf(client)
    const { user: exported, events, ...rest } = await account.exportAccount()
    t.match(exported, { email: user.email })
    t.ok(events.some(({ kind }) => kind === 'login'))
    t.notOk('next' in rest, 'it is complete')
    const { deletionAt } = await account.deleteAccount()
    t.ok(Date.parse(deletionAt) > Date.now())
    await t.rejects(account.exportAccount(), { code: 'SESSION_ENDED' })
    t.ok(await client.login(user), 'a login keeps the account')
  })

  await t.test('logoutEverywhere ends the sessions of other devices', async (t) => {
    const { client, user } = await someone()
    const phone = notedClient({ baseUrl, delivery: 'body' }).client
    const tablet = notedClient({ baseUrl, delivery: 'body' }).client
    for (const device of [phone, tablet]) await device.login(user)
    const reasons: string[] = []
    phone.onSessionEnd(({ reason }) => reasons.push(reason))
    await client.logoutEverywhere()
    t.equal(await client.session(), null)
    let answer = await phone.fetch('/orders')
    for (let attempt = 0; attempt < 100 && answer.status === 200; attempt += 1) {
      answer = await phone.fetch('/orders')
    }
    t.equal(answer.status, 401)
    t.strictSame(reasons, ['ended'])
    await t.rejects(tablet.logoutEverywhere(), { code: 'SESSION_ENDED' }, 'it ended no session')
    t.equal(await tablet.session(), null)
    await t.rejects(tablet.logoutEverywhere(), { code: 'UNAUTHENTICATED' })
  })

  await t.test('a login whose cookie is not kept is refused, and says why', async (t) => {
    // Node.js keeps no cookies.
    const { user, client } = await someone()
    const page = createClient({ baseUrl, delivery: 'cookie' })
    const failure = await page.login(user).catch((error: unknown) => error)
    t.ok(failure instanceof GatehouseProblem)
    t.match(failure, { code: 'COOKIE_DROPPED', message: /neither the body nor a cookie/ })
    const list = await (await client.fetch('/auth/sessions')).json()
    t.match(list, { sessions: [{ current: true }] })
    t.equal((list as { sessions: unknown[] }).sessions.length, 1, 'its session has ended')
  })

  await t.test('the client needs only the globals of React Native', async (t) => {
    const { createClient, newController } = await reactNative()
    const { storage } = sharedStorage()
    const client = createClient({ baseUrl, delivery: 'body', storage })
    const user = { email: 'phone@example.com', password: 'correct horse battery' }
    await client.register(user)
    const session = await client.login(user)
    t.equal((await client.fetch('/orders')).status, 200)
    const restarted = createClient({ baseUrl, delivery: 'body', storage })
    const controller = newController()
    const aborted = restarted.session({ signal: controller.signal })
    controller.abort()
    await t.rejects(aborted, { name: 'AbortError' })
    t.same(await restarted.session(), session)
    await restarted.logout()
    t.equal((await client.fetch('/orders')).status, 401)
  })
}
