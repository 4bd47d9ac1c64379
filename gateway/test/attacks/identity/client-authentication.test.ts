import t from 'tap'
import { edge } from '../../fixtures/edge.ts'

const routes = `
  - { name: oauth, prefix: /oauth/token, upstream: service, access: public, credentials: [client-authentication] }
`
const BASIC = 'Basic Y2xpZW50OnNlY3JldA=='

t.test('client authentication passes only on routes that allow it', async (t) => {
  const gateway = await edge(t, { routes })
  const seen = async (path: string, authorization: string) => {
    await fetch(`${gateway.url}${path}`, { method: 'POST', headers: { authorization } })
    return gateway.upstream.received.at(-1)?.headers.authorization
  }

  t.equal(await seen('/oauth/token', BASIC), BASIC)
  t.equal(await seen('/oauth/token', `basic ${BASIC.slice(6)}`), `basic ${BASIC.slice(6)}`)
  t.equal(await seen('/open', BASIC), undefined, 'not at another public route')
  t.equal(await seen('/auth/login', BASIC), undefined, 'nor where our cookies go')
  t.equal(gateway.upstream.received.length, 4, 'all of them were passed on')
})

t.test(
  'a bearer token does not pass as client authentication, however it is spelled',
  async (t) => {
    const gateway = await edge(t, { routes })
    const token = gateway.token()
    for (const authorization of [
      `Bearer ${token}`,
      `bearer ${token}`,
      `Basic ${token}`,
      `${BASIC}, Bearer ${token}`,
      `Bearer ${token}, ${BASIC}`,
      `Basic Bearer ${token}`,
      `Basic  ${BASIC.slice(6)} ${token}`,
      'Basic',
      'Basic =',
      `Negotiate ${BASIC.slice(6)}`
    ]) {
      await fetch(`${gateway.url}/oauth/token`, { method: 'POST', headers: { authorization } })
      const { headers } = gateway.upstream.received.at(-1) ?? {}
      t.ok(headers, 'it was passed on')
      t.notOk(headers && 'authorization' in headers, authorization.slice(0, 24))
      t.notMatch(JSON.stringify(headers), token.slice(0, 40), 'nor in another header')
    }
  }
)

t.test('our own cookies do not pass on routes for client authentication', async (t) => {
  const gateway = await edge(t, { routes })
  const headers = { cookie: '__Host-refresh=secret', authorization: BASIC }
  await fetch(`${gateway.url}/oauth/token`, { method: 'POST', headers })
  t.notOk(gateway.upstream.received[0]?.headers.cookie)
})
