import type { RedisConnection } from '@gatehouse/redis/connection'
import { COMMON, keyIn } from '@gatehouse/redis/partitions'
import type { Job } from '../background/background-work.ts'
import { ifAvailable } from '../if-available.ts'
import { bounded } from './bounded.ts'
import type { EmbeddedStore, InRedis } from './shared-store.ts'

const WRITE_MS = 20_000
/** A mark that no process has written for this long is no longer in use. */
const IN_USE_MS = 60_000
const LIFE_SECONDS = 3600

type Marks = {
  /** of the hash in Redis: the marks, and when a process last wrote each (ms since 1970) */
  readonly name: string
  /** the mark of this process; empty: unknown */
  own(): Promise<string>
  /** is called once for each other mark that is in use */
  readonly onOther: (mark: string) => void
}

export type MarkPorts = {
  readonly log: { error(members: object, text: string): void }
  readonly jobs: Job[]
  readonly store: Pick<InRedis, 'kind' | 'redis' | 'storeClock'> | Pick<EmbeddedStore, 'kind'>
}

/**
 * Writes a mark of this process into Redis while it runs, and reads those of the other auth
 * services with the same Redis: what must be the same at all of them has the same mark.
 * @param monotonicClock in milliseconds
 */
export function compareMarks(
  { store, jobs }: Omit<MarkPorts, 'log'>,
  { name, own, onOther }: Marks,
  monotonicClock: () => number = () => performance.now()
): void {
  if (store.kind !== 'redis') return
  const { redis, storeClock } = store
  const key = keyIn(COMMON, name)
  const reported = new Set<string>()
  let nextMs = Number.NEGATIVE_INFINITY
  const compare = async (): Promise<void> => {
    const mark = await own()
    if (mark === '') return
    for (const other of await inUse(redis, key, storeClock.now())) {
      if (other === mark || reported.has(other)) continue
      reported.add(other)
      onOther(other)
    }
    await bounded(() => redis.hset(key, mark, storeClock.now()))
    await bounded(() => redis.expire(key, LIFE_SECONDS))
  }
  const run = async (): Promise<void> => {
    if (monotonicClock() < nextMs) return
    nextMs = monotonicClock() + WRITE_MS
    // An outage of a store is logged elsewhere.
    await ifAvailable(compare())
  }
  jobs.push({ name: `compare ${name}`, run })
}

/** Removes the others. */
async function inUse(redis: RedisConnection, key: string, nowMs: number): Promise<string[]> {
  const all = Object.entries(await bounded(() => redis.hgetall(key)))
  const old = all.filter(([, atMs]) => Number(atMs) < nowMs - IN_USE_MS).map(([mark]) => mark)
  if (old.length > 0) await bounded(() => redis.hdel(key, ...old))
  return all.map(([mark]) => mark).filter((mark) => !old.includes(mark))
}
