import { inputs } from '@gatehouse/fixtures/generated'
import { type Generator, generator } from '@gatehouse/fixtures/generator'
import t from 'tap'
import { databaseUnavailable } from '../../../src/refusals.ts'
import { KNOWN_MS } from '../../../src/revocations/change-marks.ts'
import { accountCache } from '../../../src/sessions/cache/account-cache.ts'
import { forgetChanges } from '../../../src/sessions/cache/forget-changes.ts'
import { simulatedDatabase } from './fixtures/simulated-database.ts'
import { stateOf } from './fixtures/state-of.ts'

const SUBJECTS = ['ada', 'bob']
const STEPS = 400

/** Plays one history. Returns what a refresh got that it must not get; null if there is nothing. */
async function play(random: Generator) {
  let nowMs = 1_000_000
  let moments = 0
  const moment = () => (moments += 1)
  /** the first moment at each time */
  const begun: { atMs: number; moment: number }[] = []
  const database = simulatedDatabase(moment)
  const waiting: (() => void)[] = []
  const used = { memory: 0, database: 0 }
  let fault: string | null = null
  /** how often Redis or the database has lost something */
  let losses = 0
  /** in Redis, and in its last copy */
  const mark = { now: 'none', kept: 'none', last: 0 }
  /** by account: when its last change was acknowledged whose mark is not lost */
  const acknowledged = new Map<string, number>()

  /** Waits for its turn, before a store does its work and before the caller gets the result. */
  const turn = () => new Promise<void>((resolve) => waiting.push(resolve))
  const call = async <Result>(work: () => Result): Promise<Result> => {
    await turn()
    if (random.below(20) === 0) throw databaseUnavailable(new Error('no answer'))
    const result = work()
    await turn()
    if (random.below(30) === 0) throw databaseUnavailable(new Error('the answer is lost'))
    return result
  }
  const instance = () => {
    const suspended = { ms: 0 }
    const changes = {
      read: (from: number | null) => call(() => database.changes(from)),
      forget: (before: number) =>
        call(() => {
          database.forget(before)
          return false
        })
    }
    const monotonicClock = () => nowMs - suspended.ms
    const cache = accountCache({
      read: (subject) =>
        call(() => {
          const { value, server } = database.read(subject)
          return { ...stateOf(subject, value), server }
        }),
      changes,
      marks: { own: () => undefined },
      size: 3,
      isDue: () => false,
      clock: () => nowMs,
      monotonicClock,
      count: (source) => {
        used[source] += 1
      }
    })
    return { cache, suspended, forget: forgetChanges(changes, monotonicClock) }
  }
  const instances = [instance(), instance()]

  /** The first moment that is not older than this time. */
  const momentAt = (atMs: number): number => begun.findLast((one) => one.atMs <= atMs)?.moment ?? 0

  const refresh = async (): Promise<void> => {
    const { cache } = random.pick(instances)
    const subject = random.pick(SUBJECTS)
    const started = moment()
    const known = acknowledged.get(subject)
    const found = await cache.find(subject, 's')
    const presented = await call(() => mark.now)
    const isMarkKept = known !== undefined && acknowledged.get(subject) === known
    const confirmed = await cache.confirm(found, { subject, sid: 's' }, presented)
    const value = confirmed.account?.rightsVersion ?? -1
    const since = confirmed.isRemembered ? momentAt(nowMs - KNOWN_MS) : started
    const oldest = Math.min(started, since)
    const least = isMarkKept && known <= started ? Math.max(oldest, known) : oldest
    const allowed = database.valuesSince(subject, least)
    if (!allowed.includes(value)) fault = `${subject} got ${value} instead of ${allowed}`
  }

  /** A change through an auth service: the mark comes after the commit, and before the answer. */
  const change = async (at: number): Promise<void> => {
    const subject = database.commit(at)
    if (random.below(3) === 0) return
    const committed = moment()
    const marked = await call(() => {
      mark.last += 1
      mark.now = `${mark.last}`
      return losses
    })
    if (losses === marked) acknowledged.set(subject, committed)
  }

  const lose = (): void => {
    losses += 1
    acknowledged.clear()
  }
  const pass = (ms: number): void => {
    nowMs += ms
    begun.push({ atMs: nowMs, moment: moment() })
  }
  const ignore = (work: Promise<unknown>): void => {
    work.catch(() => {})
  }
  const rare: readonly (() => void)[] = [
    () => pass(random.below(700_000)),
    () => {
      const ms = random.below(2000)
      random.pick(instances).suspended.ms += ms
      pass(ms)
    },
    () => ignore(random.pick(instances).forget()),
    () => {
      mark.now = mark.kept
      lose()
    },
    () => {
      database.failOver()
      lose()
    },
    () => database.toggleTriggers(),
    () => {
      mark.kept = mark.now
      database.keep()
    }
  ]
  const step = (): void => {
    const chance = random.below(1000)
    if (chance < 700) waiting.splice(random.below(waiting.length), 1)[0]?.()
    else if (chance < 850) ignore(refresh())
    else if (chance < 885) database.begin(random.pick(SUBJECTS))
    else if (chance < 920) {
      if (database.running() > 0) ignore(change(random.below(database.running())))
    } else if (chance < 990) pass(1 + random.below(150))
    else random.pick(rare)()
  }
  for (let steps = 0; steps < STEPS && fault === null; steps += 1) {
    step()
    await new Promise(setImmediate)
  }
  return { fault: fault as string | null, used }
}

t.test(
  'no refresh uses a state that was outdated for a second, or whose mark is known',
  async (t) => {
    const seeds = generator()
    const used = { memory: 0, database: 0 }
    for (let history = 0; history < inputs(3000); history += 1) {
      const played = await play(generator(seeds.below(2 ** 31)))
      used.memory += played.used.memory
      used.database += played.used.database
      if (played.fault !== null) {
        t.fail(`seed ${seeds.seed}, history ${history}: ${played.fault}`)
        break
      }
    }
    t.ok(used.memory > used.database / 4, `from memory: ${used.memory}, asked: ${used.database}`)
  }
)
