import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import type { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { openTables } from '../../../src/database/opening/open-tables.ts'
import type { Families } from '../../../src/sessions/families/families.ts'
import { familiesKey } from '../../../src/sessions/families/redis/redis-family-keys.ts'
import {
  type AuthUnderTest,
  authService,
  OPS_TOKEN,
  password,
  registered,
  type Tokens
} from '../../fixtures/auth-service.ts'
import { patient } from '../../fixtures/database/databases.ts'
import { clockFromNow, policy, redisStore, sqliteStore } from '../../fixtures/families/stores.ts'

/** Values that no other test data contains. The device's name becomes the label of the session. */
const DEVICE = 'Wirbelwindbrowser'
const ADDRESS = '203.0.113.77'
const EMAIL = 'zacharias.unruh@example.com'

/** Every byte of the files in a folder. */
const filesIn = (folder: string): Buffer =>
  Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))))

/** Every key and value of a server. */
async function valuesOf(redis: Redis): Promise<Buffer> {
  const parts: Buffer[] = []
  for (const key of await redis.keys('*')) {
    parts.push(Buffer.from(key))
    const type = await redis.type(key)
    if (type === 'hash') {
      for (const [field, value] of Object.entries(await redis.hgetallBuffer(key))) {
        parts.push(Buffer.from(field), value)
      }
    } else if (type === 'stream') {
      parts.push(Buffer.from(JSON.stringify(await redis.xrange(key, '-', '+'))))
    } else if (type === 'string') parts.push((await redis.getBuffer(key)) ?? Buffer.alloc(0))
    else throw new Error(`${key} is a ${type}`)
  }
  return Buffer.concat(parts)
}

/**
 * Sessions of every kind: one in use, one after a logout, one whose token was used again, and one
 * that is idle for too long.
 */
async function sessionsOfEachKind(auth: AuthUnderTest) {
  const from = { ...auth.gateway.from(ADDRESS), 'user-agent': `${DEVICE}/7.1` }
  const login = async (): Promise<Tokens> =>
    (await auth.post('/login', { email: EMAIL, password }, from)).json()
  const refresh = async ({ refreshToken }: Tokens): Promise<Tokens> =>
    (await auth.post('/refresh-token', { refreshToken }, from)).json()
  await login()
  auth.clock.advance(policy.idleSeconds * 1000)
  const [used, left, stolen] = [await login(), await login(), await login()]
  await refresh(used)
  await auth.post('/logout', { refreshToken: left.refreshToken }, from)
  await refresh(await refresh(stolen))
  await refresh(stolen)
}

/** The personal data found in these bytes. */
const traces = (bytes: Buffer): string[] =>
  [DEVICE, ADDRESS, EMAIL].filter((trace) => bytes.includes(trace))

type Store = { readonly families: Families; held(): Promise<Buffer> }

async function deletes(t: Test, store: (folder: string, clock: () => number) => Promise<Store>) {
  const folder = dataFolder(t)
  const clock = clockFromNow()
  const { families, held } = await store(folder, clock)
  const database = await openTables({ address: null, folder, poolSize: 1, ...patient })
  t.teardown(() => database.destroy())
  const auth = await authService(t, { clock, database, families: () => families })
  const { id } = await registered(auth, EMAIL)
  await registered(auth, 'somebody.else@example.com')
  await sessionsOfEachKind(auth)
  t.strictSame(traces(Buffer.concat([filesIn(folder), await held()])), [DEVICE, ADDRESS, EMAIL])

  const answer = await auth.ops.inject({
    method: 'DELETE',
    url: `/ops/users/${id}`,
    headers: { authorization: `Bearer ${OPS_TOKEN}` }
  })
  t.equal(answer.statusCode, 200)

  t.strictSame(traces(filesIn(folder)), [], 'nothing is left in the files')
  t.strictSame(traces(await held()), [], 'nor in the session store')
  t.ok(filesIn(folder).includes('somebody.else@example.com'), 'which have what others have')
}

t.test('SQLite: no label, address or e-mail of a deleted user is left', async (t) => {
  await deletes(t, async (folder, clock) => {
    const { families } = sqliteStore(t, { policy, clock }, join(folder, 'sessions.sqlite'))
    return { families: families.store, held: async () => Buffer.alloc(0) }
  })
})

t.test(
  'Redis: no label or address of a deleted user is left',
  { skip: redisMissing },
  async (t) => {
    const { redis, url } = await redisServer(t)
    const connection = await redisConnection(t, url)
    await deletes(t, async (_, clock) => ({
      families: redisStore(connection, { policy, clock }).families.store,
      held: () => valuesOf(redis)
    }))
  }
)

t.test(
  'Redis: what an earlier version kept of ended sessions is erased, even after an outage',
  { skip: redisMissing },
  async (t) => {
    const { redis, url, kill, start } = await redisServer(t)
    const clock = clockFromNow()
    const connection = await redisConnection(t, url)
    const { families } = redisStore(connection, { policy, clock })
    const auth = await authService(t, { clock, families: () => families.store })
    const { id } = await registered(auth, EMAIL)
    await sessionsOfEachKind(auth)
    // An earlier version left the label in the record of an ended session.
    const label = `for _, sid in ipairs(redis.call('HKEYS', KEYS[1])) do
      local record = cmsgpack.unpack(redis.call('HGET', KEYS[1], sid))
      record[10] = ARGV[1]
      redis.call('HSET', KEYS[1], sid, cmsgpack.pack(record))
    end`
    await redis.eval(label, 1, familiesKey(id), DEVICE)
    await auth.database.updateTable('sessions').set({ label: DEVICE }).execute()
    await auth.state.ends.settle()

    await kill()
    const request = {
      method: 'DELETE',
      url: `/ops/users/${id}`,
      headers: { authorization: `Bearer ${OPS_TOKEN}` }
    } as const
    t.equal((await auth.ops.inject(request)).statusCode, 503)
    t.equal((await auth.ops.inject(request)).statusCode, 404, 'the user is gone')
    await start()
    if (connection.status !== 'ready') await once(connection, 'ready')
    t.ok((await valuesOf(redis)).includes(DEVICE), 'Redis has not heard of it')
    clock.advance(3000)
    await auth.state.ends.settle()
    t.strictSame(traces(await valuesOf(redis)), [], 'the store learns of it later')
  }
)
