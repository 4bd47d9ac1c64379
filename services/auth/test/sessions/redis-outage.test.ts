import { randomUUID } from 'node:crypto'
import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import { flakyLink } from '@gatehouse/fixtures/flaky-link'
import { OUTAGE_BOUND_MS, within } from '@gatehouse/fixtures/own-time'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { freezeRedis, redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { Refusal } from '@gatehouse/problem/refusal'
import { COMMAND_TIMEOUT_MS, type RedisConnection } from '@gatehouse/redis/connection'
import { connectRedis } from '@gatehouse/redis/testing/connect-redis'
import t, { type Test } from 'tap'
import type { FamilySteps } from '../fixtures/families/family-steps.ts'
import { clockFromNow, opening, policy, redisStore } from '../fixtures/families/stores.ts'

const options = { skip: redisMissing }

/** The methods of the store, as requests of a user. */
const methods = {
  open: (families: FamilySteps, subject: string) => families.open(subject, 'another', opening),
  present: (families: FamilySteps, subject: string) => families.present(subject, 'one', 0),
  end: (families: FamilySteps, subject: string) => families.end(subject, 'one'),
  endAll: (families: FamilySteps, subject: string) => families.endAll(subject, null),
  list: (families: FamilySteps, subject: string) => families.list(subject),
  ping: (families: FamilySteps) => families.ping()
}

/**
 * Waits until the connection is ready. On a busy machine, an attempt to connect can time out, and
 * `once` of node:events would reject then.
 */
async function ready(connection: RedisConnection): Promise<void> {
  if (connection.status === 'ready') return
  await new Promise<void>((resolve) => connection.once('ready', () => resolve()))
}

/**
 * A store with one family on a connection like that of the service, and another store on a
 * connection with longer limits.
 */
async function store(t: Test) {
  const server = await redisServer(t)
  const link = await flakyLink(t, server.port)
  const patient = redisStore(await redisConnection(t, server.url), {
    policy,
    clock: clockFromNow()
  })
  const connection = connectRedis({ url: `redis://127.0.0.1:${link.port}`, onFault: () => {} })
  t.teardown(() => connection.disconnect())
  await ready(connection)
  const { families } = redisStore(connection, { policy, clock: clockFromNow() })
  const subject = randomUUID()
  await patient.families.open(subject, 'one', opening)
  return { ...server, link, connection, families, patient: patient.families, subject }
}

type Back = { families: FamilySteps; patient: FamilySteps; subject: string }

/** The outcome for a token once both connections work again, which they soon do. */
async function comesBack(t: Test, { families, patient, subject }: Back, sid = 'one') {
  const works = () =>
    Promise.all([families.ping(), patient.ping()]).then(
      () => true,
      () => false
    )
  await endsInTime(t, faults.redisUnusable, works, (answer) => answer)
  return patient.present(subject, sid, 0)
}

/** Asserts that each method soon refuses as the contract says. */
async function refuses(
  t: Test,
  { families, subject }: { families: FamilySteps; subject: string },
  names = Object.keys(methods) as (keyof typeof methods)[]
) {
  for (const name of names) {
    const call = () =>
      methods[name](families, subject).then(
        () => null,
        (error: unknown) => error
      )
    const error = await within(t, OUTAGE_BOUND_MS, name, call)
    t.ok(error instanceof Refusal && error.code === 'UNAVAILABLE', `${name}: ${error}`)
    if (error instanceof Refusal) {
      t.strictSame([error.status], faults.redisUnusable.statuses)
      t.strictSame(error.headers, { 'retry-after': '1' })
    }
  }
}

t.test(
  'while the server is gone, every call is refused, and afterwards nothing has changed',
  options,
  async (t) => {
    const { kill, start, connection, ...rest } = await store(t)

    await kill()
    await refuses(t, rest)

    await start()
    await ready(connection)
    const { outcome } = await comesBack(t, rest)
    t.equal(outcome, 'rotated', 'the family is kept, and the scripts are sent again')
  }
)

t.test('a frozen Redis causes 503', options, async (t) => {
  const { redis, ...rest } = await store(t)
  t.teardown(await freezeRedis(redis))
  await refuses(t, rest, ['present', 'ping'])
})

t.test('a slow Redis causes 503, and what it did late is not done twice', options, async (t) => {
  const { link, ...rest } = await store(t)
  const { patient, subject } = rest
  await patient.open(subject, 'before', opening)
  // From now on, Redis has the scripts, and the store knows the time of Redis.
  await comesBack(t, rest, 'before')
  for (const delayMs of [2 * COMMAND_TIMEOUT_MS, 4 * COMMAND_TIMEOUT_MS]) {
    link.delay(delayMs)
    // The first call still has a connection: Redis executes it, but answers too late.
    await refuses(t, rest, ['present', 'open', 'list', 'ping'])
  }

  link.delay(0)
  const { outcome } = await comesBack(t, rest)
  t.equal(outcome, 'replayed', 'the token was used when its answer came too late')
})

t.test('a server that cannot write is an outage, not an internal error', options, async (t) => {
  const { redis, ...rest } = await store(t)

  await redis.config('SET', 'maxmemory', '1')
  await refuses(t, rest, ['open', 'present'])
  await redis.config('SET', 'maxmemory', '0')

  await redis.replicaof('127.0.0.1', '1')
  await refuses(t, rest, ['open', 'present', 'end', 'endAll'])
  await redis.replicaof('NO', 'ONE')

  // The connection has looked for another master, and finds this one again.
  const { outcome } = await comesBack(t, rest)
  const lost = outcome === 'rotated' ? 0 : 1
  t.equal(lost, faults.redisUnusable.lost, 'it is back, and nothing was done twice')
})

t.test('a fault of our own command is not an outage', options, async (t) => {
  const { redis, families, subject } = await store(t)
  const key = (await redis.keys(`*${subject}`))[0] ?? ''
  await redis.set(key, 'not a hash')
  await t.rejects(families.present(subject, 'one', 0), { name: 'ReplyError', message: /WRONGTYPE/ })
})
