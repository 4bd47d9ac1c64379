import { buildService } from '@gatehouse/http-service/build-service'
import { roomLog } from '@gatehouse/http-service/room-log'
import { openRoom } from '@gatehouse/room/open-room'
import { buildOps } from '@gatehouse/room/ops-listener'
import { Registry } from 'prom-client'
import t from 'tap'

t.test('a room that drains is not ready, and serves every request until it closes', async (t) => {
  const log = roomLog('room', 'silent')
  const app = buildService({ log })
  app.get('/', async () => ({}))
  const ops = buildOps({ log, metrics: new Registry(), checks: {}, service: app })
  const at = { host: '127.0.0.1', port: 0 }
  const room = await openRoom({
    name: 'room',
    times: { drainMs: 0, closeMs: 1000 },
    service: { app, at },
    ops: { app: ops, at },
    async close() {
      await app.close()
      await ops.close()
    }
  })
  t.equal((await fetch(`${room.opsUrl}/readyz`)).status, 200)
  await room.drain?.()
  t.equal((await fetch(`${room.opsUrl}/readyz`)).status, 503)
  const answer = await fetch(room.url)
  t.match([answer.status, answer.headers.get('connection')], [200, 'close'])
  t.equal(room.endsWithinMs, 4000)
  await room.close()
  await t.rejects(fetch(room.url), 'then it accepts no connection')
})
