import { inputs } from '@gatehouse/fixtures/generated'
import { generator } from '@gatehouse/fixtures/generator'
import t, { type Test } from 'tap'
import { anyHistory, type History, play } from './fixtures/simulation/history.ts'
import { shortened } from './fixtures/simulation/shortened.ts'
import { embeddedSessionStore } from './fixtures/simulation/stores/embedded-session-store.ts'
import { redisSessionStore } from './fixtures/simulation/stores/redis-session-store.ts'
import { seededRandomBytes } from './fixtures/simulation/stores/seeded-random-bytes.ts'
import type { SessionStore } from './fixtures/simulation/stores/session-store.ts'
import { virtualRedisMissing } from './fixtures/simulation/stores/virtual-redis.ts'
import { worlds } from './fixtures/simulation/world.ts'

const STEPS = 150

async function holds(t: Test, store: SessionStore, histories: number): Promise<void> {
  const newWorld = await worlds(t, store)
  const random = { current: generator(1) }
  const randomBytes = seededRandomBytes(() => random.current)
  t.teardown(randomBytes.restore)
  const played = (history: History) => play(history, random, newWorld)

  const seeds = generator()
  let clean = 0
  while (clean < histories) {
    const history = anyHistory(seeds, STEPS)
    const { violations, trace } = await played(history)
    if (clean === 0) {
      t.strictSame((await played(history)).trace, trace, 'a history played twice is the same')
    }
    if (violations.length > 0) {
      const short = await shortened(history, played)
      const title = `FUZZ_SEED=${seeds.seed}, history ${clean}: ${short.violations[0]}`
      t.fail(title, { violations: short.violations, trace: short.trace })
      break
    }
    clean += 1
  }
  t.equal(clean, histories, `seed ${seeds.seed}: histories without a violation`)
}

t.test(
  'whatever fails and whenever, no session is lost, outlives its end or goes unrecorded',
  async (t) => {
    await holds(t, embeddedSessionStore(t), inputs(300))
  }
)

t.test(
  'no session is lost, outlives its end or goes unrecorded on a real Redis',
  { skip: virtualRedisMissing },
  async (t) => {
    await holds(t, await redisSessionStore(t), inputs(30))
  }
)

t.test(
  'no session is lost, outlives its end or goes unrecorded in partitions on a real Redis',
  { skip: virtualRedisMissing },
  async (t) => {
    await holds(t, await redisSessionStore(t, 16), inputs(10))
  }
)
