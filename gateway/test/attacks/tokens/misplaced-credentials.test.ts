import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { isRefusedTwice } from '../fixtures/is-refused.ts'
import { head, provoke } from '../fixtures/raw-request.ts'

t.test(
  'several Authorization headers are refused, and one is read in any letter case',
  async (t) => {
    const gateway = await edge(t)
    const token = gateway.token()
    const send = async (...lines: string[]) =>
      (await provoke(gateway, head('GET /closed HTTP/1.1', ...lines))).statuses
    const bearer = `Authorization: Bearer ${token}`
    t.strictSame(await send(bearer, bearer), [400], 'twice the same')
    t.strictSame(await send(bearer, 'authorization: Basic YTpi'), [400], 'two schemes')
    t.strictSame(await send(`${bearer}, Bearer ${token}`), [401], 'two in one')
    t.strictSame(
      await send(`Cookie: access_token=${token}; Authorization=${token}`),
      [401],
      'a cookie'
    )
    t.strictSame(
      await send(`X-Access-Token: ${token}`, `Proxy-Authorization: Bearer ${token}`),
      [401]
    )
    t.strictSame(gateway.upstream.received, [])
    const inQuery = await fetch(`${gateway.url}/closed?access_token=${token}`)
    t.equal(inQuery.status, 401, 'a token in the query is not looked at')
    for (const scheme of ['bearer', 'BEARER', 'bEaReR']) {
      t.strictSame(await send(`AUTHORIZATION: ${scheme} ${token}`), [200], scheme)
    }
  }
)

t.test('an assertion of the gateway is not accepted as an access token', async (t) => {
  const gateway = await edge(t)
  await gateway.call('/closed')
  const assertion = String(gateway.upstream.received[0]?.headers['x-auth-assertion'])
  t.match(assertion, /^ey.+\./)
  await isRefusedTwice(t, gateway, assertion, 'an assertion')
})
