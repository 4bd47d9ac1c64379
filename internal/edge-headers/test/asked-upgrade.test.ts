import t from 'tap'
import { asksForWebSocket } from '../src/asked-upgrade.ts'

const asks = (upgrade: string, connection = 'Upgrade', httpVersion = '1.1') =>
  asksForWebSocket({ httpVersion, headers: { upgrade, connection } })

t.test('a request asks for a WebSocket if a member of each header says so', async (t) => {
  t.ok(asks('websocket'))
  t.ok(asks('h2c,\t WebSocket ', 'keep-alive, upgrade'))
  t.notOk(asks('h2c'))
  t.notOk(asks('websocket', 'keep-alive'))
  t.notOk(asks('websocket', 'Upgrade', '1.0'))
})

t.test('only space and tab are white space around the name of a protocol', async (t) => {
  for (const other of ['\u00a0', '\v', '\ufeff']) t.notOk(asks(`websocket${other}`))
})
