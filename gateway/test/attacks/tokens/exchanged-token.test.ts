import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { AUDIENCE } from '../../fixtures/issuer.ts'
import { isRefusedTwice } from '../fixtures/is-refused.ts'

const act = { sub: 'service-1' }
const delegation = { keys: ['one'], rights: [0] }
const exchanged = { aud: 'inventory', client_id: 'service-1', act, delegation }

const routes = `
  - { name: inventory, prefix: /inventory, upstream: service }
  - { name: perhaps, prefix: /perhaps, upstream: service, access: optional }
`

t.test('an exchanged token is accepted only on the routes of its audience', async (t) => {
  const gateway = await edge(t, { routes })
  const headers = { authorization: `Bearer ${gateway.token(exchanged)}` }
  const status = async (path: string) => (await gateway.call(path, { headers })).status
  t.equal(await status('/inventory/1'), 200)
  const received = gateway.upstream.received.at(-1)
  t.match(received?.headers, { 'x-auth-subject': 'user-1', 'x-auth-client': 'service-1' })
  t.equal(await status('/perhaps'), 401, 'an optional route refuses it as others do')
  for (const aud of ['closed', 'inventory']) {
    const other = { authorization: `Bearer ${gateway.token({ ...exchanged, aud })}` }
    const expected = aud === 'closed' ? [200, 401] : [401, 200]
    const [closed, inventory] = [
      await gateway.call('/closed', { headers: other }),
      await gateway.call('/inventory', { headers: other })
    ]
    t.strictSame([closed.status, inventory.status], expected, aud)
  }
  const everywhere = await gateway.call('/inventory')
  t.equal(everywhere.status, 200, 'a token of the installation is accepted there, too')
})

t.test('a token whose actors and audience contradict each other is refused', async (t) => {
  const gateway = await edge(t, { routes })
  const tooDeep = [1, 2, 3, 4].reduce<object>((inner, sub) => ({ sub: `${sub}`, act: inner }), act)
  const forgeries: Record<string, Record<string, unknown>> = {
    'for the installation, with an actor': { ...exchanged, aud: AUDIENCE },
    'for the installation and a service': { ...exchanged, aud: [AUDIENCE, 'closed'] },
    'for two services': { ...exchanged, aud: ['closed', 'inventory'] },
    'for a service, without an actor': { aud: 'closed' },
    'without what revokes its actor': { ...exchanged, aud: 'closed', delegation: undefined },
    'without its actor': { ...exchanged, aud: 'closed', act: undefined },
    'with the rights of more actors': {
      ...exchanged,
      aud: 'closed',
      delegation: { keys: ['one'], rights: [0, 0] }
    },
    'without keys': { ...exchanged, aud: 'closed', delegation: { keys: [], rights: [0] } },
    'five actors': {
      ...exchanged,
      aud: 'closed',
      act: tooDeep,
      delegation: { keys: ['one'], rights: [0, 0, 0, 0, 0] }
    },
    'an actor without a name': { ...exchanged, aud: 'closed', act: {} },
    'an actor of another type': { ...exchanged, aud: 'closed', act: 'service-1' }
  }
  for (const [title, claims] of Object.entries(forgeries)) {
    await isRefusedTwice(t, gateway, gateway.token(claims), title)
  }
})
