import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Test } from 'tap'
import { accountOf } from '../../src/account.ts'
import { createClient } from '../../src/client.ts'
import type { Programs } from './programs.ts'

const HOUR_MS = 3_600_000

/** Calls of services: what they send, and when their token is renewed. */
export async function calls(
  t: Test,
  { baseUrl, handshakes, ops, someone }: Programs
): Promise<void> {
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
    // Until the gateway knows the change, a call succeeds with the old roles.
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
    t.equal(await client.getAccessToken(), access, 'its refusal does not end the session')
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
}
