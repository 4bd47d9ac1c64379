import { once } from 'node:events'
import { createServer } from 'node:http'
import t from 'tap'
import { socketOpener } from '../src/calls/authorised-socket.ts'
import { notedClient, sharedStorage } from './fixtures/noted-client.ts'
import { calls } from './program/calls.ts'
import { programs } from './program/programs.ts'
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

t.test('a registration that a letter completes has no id yet', async (t) => {
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

t.test('a Node.js program signs in and calls a service', async (t) => {
  const signedIn = await programs(t)
  await signIns(t, signedIn)
  await calls(t, signedIn)
  await storedTokens(t, signedIn)
})
