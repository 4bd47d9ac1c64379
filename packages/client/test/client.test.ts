import { once } from 'node:events'
import { createServer } from 'node:http'
import { shownCode } from '@gatehouse/fixtures/authenticator'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { linkOfLetter } from '@gatehouse/fixtures/letters'
import { operator } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import t from 'tap'
import { accountOf } from '../src/account.ts'
import { socketOpener } from '../src/authorised-socket.ts'
import { createClient, GatehouseProblem } from '../src/client.ts'
import { liveService } from './fixtures/live-service.ts'
import { notedClient, sharedStorage } from './fixtures/noted-client.ts'
import { reactNative } from './fixtures/react-native.ts'

const HOUR_MS = 3_600_000

t.test('webSocket() compares the whole host name with the origins', async (t) => {
  const usableToken = () => Promise.reject(new Error('the token is asked for'))
  const opens = (address: string, ...listed: string[]) => {
    const [origin = ''] = listed
    return socketOpener({ origin, origins: new Set(listed), usableToken })(address)
  }
  const news = 'https://news.example.com'
  for (const address of ['/live', `${news}/live`, 'wss://news.example.com/live']) {
    await t.rejects(opens(address, news), { message: 'the token is asked for' }, address)
  }
  for (const address of ['https://ws.example.com/live', 'wss://ws.example.com/live']) {
    await t.rejects(opens(address, 'https://http.example.com'), TypeError, address)
  }
})

t.test('a Node.js program signs in and calls a service', async (t) => {
  const folder = dataFolder(t)
  const { routes, handshakes } = await liveService(t, folder)
  const settings = { GATEHOUSE_DATA_DIR: folder, GATEWAY_ROUTES: routes }
  const { url: baseUrl } = await wholeSystem(t, settings)
  const ops = operator(folder)
  let people = 0

  /** A new user, and a client that is signed in as this user. */
  async function someone(options: { origins?: string[] } = {}) {
    const user = { email: `user-${people++}@example.com`, password: 'correct horse battery' }
    const shared = sharedStorage()
    const noted = notedClient({ baseUrl, delivery: 'body', storage: shared.storage, ...options })
    await noted.client.register(user)
    const session = await noted.client.login(user)
    noted.paths.length = 0
    const { client, paths, refreshes, pass } = noted
    const { storage, token } = shared
    return { client, paths, refreshes, pass, storage, token, user, session }
  }

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

  await t.test('a registration that a letter completes has no id yet', async (t) => {
    const server = createServer((_request, response) => {
      response.writeHead(202, { 'content-type': 'application/json' }).end('{"pageSecret":"abc"}')
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    t.teardown(() => server.close())
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const { client } = notedClient({
      baseUrl: `http://127.0.0.1:${port}`,
      delivery: 'body',
      storage: sharedStorage().storage
    })
    const registered = await client.register({ email: 'a@example.com', password: 'password 1' })
    t.strictSame({ ...registered }, { pageSecret: 'abc' })
  })

  await t.test('a user verifies the address and changes the password', async (t) => {
    const { client, user } = await someone()
    const { email, password } = user
    const account = accountOf(client)
    const { pageSecret } = await account.sendVerification({ email })
    const token = (await linkOfLetter(folder, 'verify-email', email)).hash.slice('#token='.length)
    t.strictSame(await account.verifyEmail({ token, pageSecret }), { resetToken: null })
    await t.rejects(account.verifyEmail({ token, pageSecret }), { code: 'FORBIDDEN', status: 403 })

    const change = { currentPassword: password, newPassword: 'a staple of batteries' }
    t.equal(await account.changePassword(change), undefined)
    t.equal((await client.fetch('/orders')).status, 200, 'this session continues')
    const wrong = { currentPassword: password, newPassword: 'a battery of staples' }
    await t.rejects(account.changePassword(wrong), { code: 'UNAUTHENTICATED', detail: /password/ })
    await t.rejects(account.changeEmail({ email: 'x' }), { code: 'INVALID_REQUEST', status: 400 })
    await client.logout()
    await t.rejects(account.changeEmail({ email: 'new@example.com' }), { code: 'UNAUTHENTICATED' })
  })

  await t.test('errors are problems with a code', async (t) => {
    const { client, user } = await someone()
    const wrong = { ...user, password: 'not this one' }
    await t.rejects(client.login(wrong), { code: 'UNAUTHENTICATED', status: 401, retryable: false })
    await t.rejects(client.register(user), { code: 'CONFLICT', requestId: String })
    await t.rejects(client.register({ email: 'x', password: 'y' }), { code: 'INVALID_REQUEST' })
    t.equal((await client.fetch('/orders')).status, 200, 'a failed login leaves the session')

    let isLost = true
    const server = createServer((_request, response) => {
      if (isLost) response.destroy()
      else
        response.end('{"accessToken":"a","expiresIn":300,"refreshToken":"r","session":{"id":"s"}}')
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    t.teardown(() => server.close())
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const lost = createClient({ baseUrl: `http://127.0.0.1:${port}`, delivery: 'body' })
    await t.rejects(lost.login(user), { code: 'NETWORK', status: 0, retryable: true })
    isLost = false
    await lost.login(user)
    isLost = true
    await t.rejects(lost.logoutEverywhere(), { code: 'NETWORK', status: 0, retryable: true })
    t.strictSame(await lost.session(), { id: 's' }, 'the session continues')
    const { forgotPassword } = accountOf(lost)
    await t.rejects(forgotPassword(user), { code: 'NETWORK', status: 0, retryable: true })
    const signal = AbortSignal.abort(new Error('not needed'))
    await t.rejects(forgotPassword(user, { signal }), { message: 'not needed' })
  })

  await t.test('a program that starts again continues its session', async (t) => {
    const { storage, session } = await someone()
    const { client, refreshes } = notedClient({ baseUrl, delivery: 'body', storage })
    const answers = await Promise.all([1, 2, 3].map(() => client.fetch('/orders')))
    t.strictSame(
      answers.map(({ status }) => status),
      [200, 200, 200]
    )
    t.equal(refreshes(), 1)
    t.strictSame(await client.session(), session)
  })

  await t.test('50 calls after expiry make one refresh and no failed call', async (t) => {
    const { client, paths, refreshes, pass } = await someone()
    pass(HOUR_MS)
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.fetch('/orders')))
    t.ok(answers.every(({ status }) => status === 200))
    t.equal(refreshes(), 1)
    t.equal(paths.length, 51)
  })

  await t.test('a call whose token is stale is repeated once', async (t) => {
    const { client, paths, user } = await someone()
    t.equal((await ops(['users', 'roles', user.email, 'user', 'auditor'])).code, 0)
    // Until the gateway knows, a call goes through with the old roles.
    let answer = await client.fetch('/echo/roles', { method: 'POST', body: 'a' })
    for (let attempt = 0; attempt < 100 && !paths.includes('/auth/refresh-token'); attempt += 1) {
      answer = await client.fetch('/echo/roles', { method: 'POST', body: 'a' })
    }
    t.equal(answer.status, 200)
    t.match(await answer.json(), { headers: { 'x-auth-roles': 'user,auditor' }, body: 'a' })
    t.strictSame(paths.slice(-3), ['/echo/roles', '/auth/refresh-token', '/echo/roles'])
  })

  await t.test('a body that cannot be sent twice waits for a refresh that is due', async (t) => {
    const { client, paths, pass } = await someone()
    pass(280_000)
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('streamed'))
        controller.close()
      }
    })
    const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, duplex: 'half' }
    const answer = await client.fetch('/echo/upload', init)
    t.match(await answer.json(), { body: 'streamed' })
    t.strictSame(paths, ['/auth/refresh-token', '/echo/upload'])
  })

  await t.test('a Request keeps its method, headers and body', async (t) => {
    const { client } = await someone()
    const headers = { 'x-own': 'kept', 'content-type': 'text/plain' }
    const request = new Request(`${baseUrl}/echo/it`, { method: 'PUT', headers, body: 'text' })
    const answer = await client.fetch(request)
    t.match(await answer.json(), { method: 'PUT', headers: { 'x-own': 'kept' }, body: 'text' })
  })

  await t.test('only the gateway and listed origins get the token', async (t) => {
    const seen: (string | undefined)[] = []
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization)
      response.end()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    t.teardown(() => server.close())
    const address = server.address()
    const other = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`

    const { client } = await someone()
    const access = await client.getAccessToken()
    await client.fetch(`${other}/a`)
    await client.fetch(new Request(`${other}/a`, { method: 'POST', body: 'b' }))
    t.strictSame(seen, [undefined, undefined])
    await t.rejects(client.webSocket(`${other.replace('http', 'ws')}/live`), TypeError)

    const { client: lister } = await someone({ origins: [other] })
    await lister.fetch(`${other}/a`)
    t.match(seen.at(-1), /^Bearer ey/)
    const own = await client.fetch('/echo/a', { headers: { authorization: 'Basic eDp5' } })
    t.equal(own.status, 401, 'the header of the caller is left as it is')
    t.equal(await client.getAccessToken(), access, 'and its refusal says nothing of the session')
  })

  await t.test('a WebSocket has the identity of the session', async (t) => {
    const { client, user, session, refreshes, pass } = await someone()
    pass(HOUR_MS)
    const socket = await client.webSocket('/live')
    await once(socket, 'open')
    t.equal(socket.protocol, 'gatehouse', 'the token is not in the response')
    t.match(handshakes.at(-1), { 'x-auth-email': user.email, 'x-auth-session': session.id })
    t.equal(refreshes(), 1)
    socket.close()
    await once(socket, 'close')
  })

  await t.test('an abort ends the call, and leaves the refresh to the others', async (t) => {
    const { client, refreshes, pass } = await someone()
    pass(HOUR_MS)
    const abort = new AbortController()
    const aborted = client.fetch('/orders', { signal: abort.signal })
    const other = client.fetch('/orders')
    abort.abort(new Error('not needed'))
    await t.rejects(aborted, { message: 'not needed' })
    t.equal((await other).status, 200)
    t.equal(refreshes(), 1)
    await t.rejects(client.session({ signal: AbortSignal.abort() }), { name: 'AbortError' })
  })

  await t.test('programs that share a storage do not end each other’s session', async (t) => {
    const { storage, client } = await someone()
    const others = [1, 2, 3].map(() => notedClient({ baseUrl, delivery: 'body', storage }))
    for (let round = 0; round < 3; round += 1) {
      for (const { pass } of others) pass(HOUR_MS)
      const calls = others.map((one) => one.client.fetch('/orders'))
      t.ok((await Promise.all(calls)).every(({ status }) => status === 200))
    }
    t.equal((await client.fetch('/orders')).status, 200)
  })

  await t.test('an access token is not used before its refresh token is stored', async (t) => {
    const { storage, client, paths, pass } = await someone()
    const { write } = storage
    storage.write = async () => {
      throw new Error('the keychain is locked')
    }
    pass(HOUR_MS)
    await t.rejects(client.fetch('/orders'), { message: 'the keychain is locked' })
    t.notOk(paths.includes('/orders'))
    storage.write = write
    t.equal((await client.fetch('/orders')).status, 200, 'the next call gets the same successor')
  })

  await t.test('a login, a refresh and a logout hold the lock of the storage', async (t) => {
    const { user } = await someone()
    const { storage, token } = sharedStorage()
    const locked: string[] = []
    const { client, paths, pass } = notedClient({
      baseUrl,
      delivery: 'body',
      storage: {
        ...storage,
        async lock(work) {
          const before = { calls: paths.length, token: token() }
          await work()
          locked.push(...paths.slice(before.calls))
          t.not(token(), before.token, 'the new refresh token is stored')
        }
      }
    })
    await client.login(user)
    pass(HOUR_MS)
    t.equal((await client.fetch('/orders')).status, 200)
    await client.logout()
    t.strictSame(locked, ['/auth/login', '/auth/refresh-token', '/auth/logout'])
  })

  await t.test('logoutEverywhere ends the sessions of other devices', async (t) => {
    const { client, user } = await someone()
    const phone = notedClient({ baseUrl, delivery: 'body' }).client
    await phone.login(user)
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
})
