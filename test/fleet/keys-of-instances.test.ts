import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { client, eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { asked, postgresMissing, postgresServer } from '@gatehouse/fixtures/postgres-server'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { type ServiceProcess, serviceProcess } from '@gatehouse/fixtures/service-process'
import { redisFleet } from '@gatehouse/fleet/redis-fleet'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import t, { type Test } from 'tap'
import { headerOf, publishedBy } from './fixtures/key-ids.ts'

const ada = { email: 'ada@example.com', password: 'correct horse battery' }
const PATIENCE_MS = 20_000

/** Auth services on one Redis and one PostgreSQL. The test starts and kills them. */
async function instances(t: Test, more: Record<string, string> = {}) {
  const redis = await redisServer(t)
  const database = await (await postgresServer(t)).database()
  const folder = dataFolder(t)
  const settings = {
    REDIS_URL: redis.url,
    DATABASE_URL: database,
    GATEHOUSE_DATA_DIR: folder,
    AUTH_PORT: '0',
    AUTH_OPS_PORT: '0',
    ...more
  }
  const start = async () => {
    const service = await serviceProcess('auth', settings)
    t.teardown(() => service.stop())
    return service
  }
  const call = async (service: ServiceProcess, method: string, path: string, body?: object) => {
    const response = await fetch(`${service.opsUrl}/ops${path}`, {
      method,
      headers: {
        authorization: `Bearer ${readFileSync(join(folder, 'ops-token'), 'utf8').trim()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const states = async () => {
    const rows = await asked(database, 'select kid, state from signing_keys')
    return Object.fromEntries(rows.map(({ kid, state }) => [String(kid), String(state)]))
  }
  const kids = async (state: string) =>
    Object.entries(await states()).flatMap(([kid, at]) => (at === state ? [kid] : []))
  return { redis, start, call, kids, states, settings }
}

const skip = redisMissing || postgresMissing

t.test('instances of one installation agree on their signing keys', { skip }, async (t) => {
  const { redis, start, call, kids } = await instances(t)
  const [first, second] = await Promise.all([start(), start()])
  const signing = async (service: ServiceProcess) => {
    const { body } = await client(service.url).call<{ accessToken: string }>('/login', {
      json: ada
    })
    return headerOf(body.accessToken).kid
  }
  await client(first.url).call('/register', { json: ada })

  await t.test('another instance completes the rotation of a killed instance', async (t) => {
    const [before = ''] = await kids('active')
    // A gateway that is live but never fetches the key.
    const fleet = redisFleet(redis.redis)
    const stuck = {
      id: 'stuck',
      name: 'edge-7',
      keySetVersion: 'v',
      kids: [before],
      revocationCursor: '',
      revocationLagSeconds: 0,
      assertionJwk: '{}'
    }
    await fleet.announce(stuck)
    const beats = setInterval(() => void fleet.announce(stuck), 500)
    t.teardown(() => clearInterval(beats))

    const broken = call(first, 'POST', '/keys/rotate').catch(() => null)
    const [made = ''] = await eventually(
      () => kids('standby'),
      ({ length }) => length > 0
    )
    t.ok((await publishedBy(second.url)).includes(made), 'the other publishes it at once')
    await first.kill()
    t.equal(await broken, null)

    t.strictSame([await kids('active'), await kids('standby')], [[before], [made]])
    t.equal(await signing(second), before)
    t.match((await call(second, 'GET', '/gateways')).body, { gateways: [{ name: 'edge-7' }] })
    clearInterval(beats)
    await fleet.announce({ ...stuck, kids: [before, made] })
    const rotated = await call(second, 'POST', '/keys/rotate', {})
    t.equal(rotated.status, 200, JSON.stringify(rotated.body))
    t.strictSame([await kids('active'), await kids('retiring')], [[made], [before]])
    t.equal(await signing(second), made)
    t.ok(
      (await redis.redis.xrange(REVOCATION_STREAM, '-', '+')).some(
        ([, fields]) => fields[1] === 'key-set'
      )
    )
  })

  const third = await start()

  await t.test('each instance signs with the new key after another one rotates', async (t) => {
    t.equal(await signing(third), await signing(second), 'one that starts later agrees')
    await call(second, 'POST', '/keys/rotate')
    const [active] = await kids('active')
    const kid = await eventually(
      () => signing(third),
      (kid) => kid === active,
      PATIENCE_MS
    )
    t.equal(kid, active, 'within seconds')
  })

  await t.test(
    'a key that was revoked during an outage of Redis is announced, even if its instance was killed',
    async (t) => {
      await second.stop()
      const [leaked = ''] = await kids('active')
      await redis.kill()
      const answer = await call(third, 'POST', `/keys/${leaked}/revoke`)
      t.match(answer, { status: 503, body: { detail: /the key is revoked and no longer signs/ } })
      await third.kill()
      t.strictSame(await kids('revoked'), [leaked])
      t.equal((await kids('active')).length, 1)
      await redis.start()
      await start()
      const entry = await eventually(
        async () => {
          const rows = await redis.redis.xrange(REVOCATION_STREAM, '-', '+')
          return rows.map(([, fields]) => fields).find((fields) => fields.includes(leaked))
        },
        (found) => found !== undefined,
        PATIENCE_MS
      )
      t.match(entry, ['kind', 'key', 'id', leaked, 'until', /^\d+$/])
    }
  )
})

t.test(
  'keys rotate by the clock, and the work of a killed instance is taken over',
  { skip },
  async (t) => {
    // A period of 4.32 seconds.
    const { start, states } = await instances(t, { AUTH_KEY_ROTATION_DAYS: '0.00005' })
    const [first] = await Promise.all([start(), start()])
    // On a busy machine, they may already have rotated when both have started.
    const begun = Object.keys(await states())
    await eventually(states, (now) => Object.values(now).includes('standby'), PATIENCE_MS)
    await first.kill()
    const after = await eventually(
      states,
      (now) => begun.every((kid) => now[kid] === 'retiring'),
      PATIENCE_MS
    )
    t.equal(Object.values(after).filter((state) => state === 'active').length, 1)
    t.ok(begun.length > 0)
    t.strictSame(
      begun.map((kid) => after[kid]),
      begun.map(() => 'retiring')
    )
  }
)
