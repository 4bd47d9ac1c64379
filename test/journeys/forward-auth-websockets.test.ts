import { once } from 'node:events'
import t, { type Test } from 'tap'
import { ask, bearer, refusal, socketTo } from '../../gateway/test/websocket/fixtures/sockets.ts'
import { forwardAuthGateway, send, upgradesNothing } from './fixtures/forward-auth-gateway.ts'
import { realProxies } from './fixtures/real-proxies.ts'

const { gateway, taken, callerOf, authorization } = await forwardAuthGateway(t)

/** How a handshake ends: the echo of a message, or the status of the refusal. */
async function shake(t: Test, port: number, path: string, headers: Record<string, string>) {
  const socket = socketTo(t, new URL(path, `http://127.0.0.1:${port}`), headers)
  const refused = refusal(socket).then(({ status }) => status)
  const echoed = once(socket, 'open').then(() => ask(socket, 'hello'))
  return await Promise.race([refused, echoed])
}

for (const name of ['nginx', 'haproxy'] as const) {
  const { missing, start } = realProxies[name]
  t.test(`${name} opens only WebSockets that the gateway allows`, { skip: missing }, async (t) => {
    const { upstream, verifyUrl } = gateway
    const { url: publicUrl } = gateway
    const places = { verifyUrl, publicUrl, serviceUrl: upstream.url, webSockets: true }
    const port = await start(t, places)
    const signedIn = bearer(gateway)
    taken.length = 0
    await t.test(`${name} opens the WebSocket of a signed-in client`, async (t) => {
      t.equal(await shake(t, port, '/live/a?x=1', { ...signedIn, 'x-auth-roles': 'root' }), 'hello')
      const { url, headers } = taken.splice(0)[0]?.request ?? {}
      t.equal(url, '/live/a?x=1')
      t.match(headers, { 'x-auth-subject': 'user-1' })
      t.equal(await callerOf(headers?.['x-auth-assertion'], 'live'), 'user-1')
      t.notMatch(JSON.stringify(headers), 'root')
      t.notOk(headers?.authorization, 'without its token')
    })
    await t.test(`${name} opens no other WebSocket`, async (t) => {
      t.equal(await shake(t, port, '/live', {}), 401, 'without a token')
      for (const path of ['/open', '/open/live', '/liver']) {
        t.type(await shake(t, port, path, signedIn), 'number', path)
      }
      t.strictSame(taken, [], 'none of them reaches the service')
    })
    await t.test(`${name} forwards no other upgrade`, (t) =>
      upgradesNothing(t, { port, received: upstream.received })
    )
    await t.test(`${name} forwards requests without an upgrade`, async (t) => {
      const { status } = await send(
        { port, received: upstream.received },
        'GET /closed HTTP/1.1',
        authorization()
      )
      t.equal(status, 200)
    })
  })
}
