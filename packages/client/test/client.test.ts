import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eventually } from '@gatehouse/fixtures/client'
import t, { type Test } from 'tap'
import { accountOf } from '../src/account.ts'
import { socketOpener } from '../src/calls/authorised-socket.ts'
import { notedClient, sharedStorage } from './fixtures/noted-client.ts'
import { calls } from './program/calls.ts'
import { programs } from './program/programs.ts'
import { providerSignIns } from './program/provider-sign-ins.ts'
import { signIns } from './program/sign-ins.ts'
import { storedTokens } from './program/stored-tokens.ts'

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

/** @returns the origin of a server */
async function serverOf(t: Test, answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('exportAccount() gets all pages of events, and waits as a limit asks for', async (t) => {
  const asked: (string | undefined)[] = []
  let seconds = '0.01'
  const origin = await serverOf(t, ({ url }, response) => {
    asked.push(url)
    const page = Number(new URL(url ?? '', 'http://x').searchParams.get('after') ?? 0)
    const isLimited = page === 2 && asked.filter((one) => one === url).length < 3
    const problem = { code: 'RATE_LIMITED', title: 'Too many requests', retryable: true }
    const content = { user: { id: 'u' }, events: [page], next: page < 3 ? String(page + 1) : null }
    response.writeHead(isLimited ? 429 : 200, isLimited ? { 'retry-after': seconds } : {})
    response.end(JSON.stringify(isLimited ? problem : content))
  })
  const { exportAccount } = accountOf({ fetch: (path, init) => fetch(`${origin}${path}`, init) })
  t.strictSame(await exportAccount(), { user: { id: 'u' }, events: [0, 1, 2, 3] })
  const pages = [1, 2, 2, 2, 3].map((page) => `/auth/account/export/events?after=${page}`)
  t.strictSame(asked, ['/auth/account/export', ...pages])

  asked.length = 0
  seconds = '3600'
  const reason = new Error('the user left the page')
  const leaving = new AbortController()
  const exported = exportAccount({ signal: leaving.signal })
  await eventually(
    async () => asked.length,
    (length) => length === 3
  )
  leaving.abort(reason)
  await t.rejects(exported, reason)
})

t.test('a registration that a letter completes has no id yet', async (t) => {
  const baseUrl = await serverOf(t, (_request, response) => {
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"pageSecret":"abc"}')
  })
  const { client } = notedClient({
    baseUrl,
    delivery: 'body',
    storage: sharedStorage().storage
  })
  const registered = await client.register({ email: 'a@example.com', password: 'password 1' })
  t.strictSame({ ...registered }, { pageSecret: 'abc' })
})

t.test('a Node.js program signs in and calls a service', async (t) => {
  const signedIn = await programs(t)
  await signIns(t, signedIn)
  await providerSignIns(t, signedIn)
  await calls(t, signedIn)
  await storedTokens(t, signedIn)
})
