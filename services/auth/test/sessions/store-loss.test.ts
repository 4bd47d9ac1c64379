import { randomUUID } from 'node:crypto'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { flakyLink } from '@gatehouse/fixtures/flaky-link'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisSentinel, sentinelMissing } from '@gatehouse/fixtures/redis-sentinel'
import { redisMissing, redisServer, startRedis } from '@gatehouse/fixtures/redis-server'
import t, { type Test } from 'tap'
import { storeClock } from '../../src/redis/store-clock.ts'
import { redisFamilies } from '../../src/sessions/families/redis/redis-families.ts'
import { type FamilySteps, familySteps } from '../fixtures/families/family-steps.ts'
import { clockFromNow, opening, policy, revocationSeconds } from '../fixtures/families/stores.ts'

const PATIENCE_MS = 20_000

/** Families on a connection like that of the service. */
async function familiesAt(t: Test, url: string, revocationReplicas = 0): Promise<FamilySteps> {
  const clock = clockFromNow()
  const redis = await redisConnection(t, url)
  const options = {
    storeClock: storeClock(PATIENCE_MS),
    clock,
    revocationSeconds: () => revocationSeconds
  }
  const families = redisFamilies(redis, policy, { ...options, revocationReplicas })
  return familySteps(families, policy, clock)
}

/** Repeats a call, as clients do after a response with Retry-After. Returns the first result. */
async function untilAnswered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

t.test(
  'a store restored from an older copy signs no user out',
  { skip: redisMissing },
  async (t) => {
    const server = await startRedis(dataFolder(t), { durable: false })
    t.teardown(() => server.stop())
    const families = await familiesAt(t, server.url)
    const subject = randomUUID()
    await families.open(subject, 'old', opening)
    for (const generation of [0, 1]) await families.present(subject, 'old', generation)
    await server.redis.save()
    for (const generation of [2, 3, 4]) await families.present(subject, 'old', generation)
    await families.open(subject, 'new', opening)

    await server.kill()
    await server.start()

    const healed = await untilAnswered(() => families.present(subject, 'old', 5))
    t.equal(healed.outcome, 'healed', 'a token newer than the record is one that was made here')
    t.match(healed, { before: { generation: 2 }, after: { generation: 6 } })
    const onward = await families.present(subject, 'old', 6)
    t.equal(onward.outcome, 'rotated', 'and continues from there')
    const lost = await families.present(subject, 'new', 0)
    t.equal(lost.outcome, 'ended', 'a login that was lost is one sign-in')

    const thief = await families.present(subject, 'old', 1)
    t.equal(thief.outcome, 'reused', "a thief's older token is still caught")
    const owner = await families.present(subject, 'old', 7)
    t.equal(owner.outcome, 'ended')
  }
)

t.test('a lost answer of the store costs nothing', { skip: redisMissing }, async (t) => {
  const { port } = await redisServer(t)
  const link = await flakyLink(t, port)
  const families = await familiesAt(t, `redis://127.0.0.1:${link.port}`)
  const subject = randomUUID()
  await families.open(subject, 'one', opening)

  link.cutNextAnswer()
  await t.rejects(families.present(subject, 'one', 0), { code: 'UNAVAILABLE' })

  const again = await untilAnswered(() => families.present(subject, 'one', 0))
  t.equal(again.outcome, 'replayed', 'the rotation had happened: its successor is handed out')
  t.equal(again.after?.generation, 1)
  t.equal((await families.present(subject, 'one', 1)).outcome, 'rotated')
})

t.test('a slow store counts as unavailable', { skip: redisMissing }, async (t) => {
  const { port } = await redisServer(t)
  const link = await flakyLink(t, port)
  const families = await familiesAt(t, `redis://127.0.0.1:${link.port}`)
  const subject = randomUUID()
  await families.open(subject, 'one', opening)

  link.hold()
  const [first, second] = await Promise.allSettled([
    families.present(subject, 'one', 0),
    families.present(subject, 'one', 0)
  ])
  t.match([first, second], [{ status: 'rejected' }, { status: 'rejected' }])
  link.release()

  const again = await untilAnswered(() => families.present(subject, 'one', 0))
  t.match(again, { outcome: 'replayed', after: { generation: 1 } }, 'no user is signed out')
})

t.test(
  'a failover to a replica loses no family',
  { skip: sentinelMissing, timeout: 60_000 },
  async (t) => {
    const { url, killMaster } = await redisSentinel(t)
    const families = await familiesAt(t, url, 1)
    const subject = randomUUID()
    for (const sid of ['stays', 'logged out']) await families.open(subject, sid, opening)
    await families.present(subject, 'stays', 0)
    // A replica on a busy machine may be late. Then the logout is not acknowledged, and is
    // repeated.
    await untilAnswered(() => families.end(subject, 'logged out'))

    await killMaster()

    const after = await untilAnswered(() => families.present(subject, 'stays', 1))
    t.ok(['rotated', 'healed'].includes(after.outcome), `the family lives on: ${after.outcome}`)
    t.equal(after.after?.generation, 2)
    const gone = await untilAnswered(() => families.present(subject, 'logged out', 0))
    t.equal(gone.outcome, 'ended', 'an acknowledged logout is not undone')
    await t.rejects(
      families.end(subject, 'stays'),
      { code: 'UNAVAILABLE' },
      'without a replica a logout is not acknowledged'
    )
  }
)
