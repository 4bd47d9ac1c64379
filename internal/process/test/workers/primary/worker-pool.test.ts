import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import type { WorkerProcess } from '../../../src/workers/primary/fork-worker.ts'
import { workerPool } from '../../../src/workers/primary/worker-pool.ts'

const ready = { url: 'http://127.0.0.1:1', opsUrl: 'http://127.0.0.1:2', endsWithinMs: 60_000 }

/** A worker that drains when the pool tells it to, and records what the pool has told it. */
function worker(name: string, events: string[]) {
  const drained = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<{ code: number; signal: null }>()
  const fake: WorkerProcess = {
    pid: 1,
    owesMs: () => 0,
    isUp: () => true,
    up: Promise.resolve(ready),
    drained: drained.promise,
    ended: ended.promise,
    ask: async () => null,
    metrics: () => [],
    order: (order) => events.push(`${name}: ${order}`),
    setDrained() {},
    letClose() {
      events.push(`${name}: may close`)
      ended.resolve({ code: 0, signal: null })
    },
    kill: () => events.push(`${name}: killed`)
  }
  return { fake, drain: drained.resolve }
}

t.test(
  'workers close their listeners only after the primary process has closed its own',
  async (t) => {
    const events: string[] = []
    const workers = [worker('one', events), worker('other', events)]
    const left = [...workers]
    const fork = () => {
      const next = left.shift()
      if (next === undefined) throw new Error('a worker was replaced')
      return next.fake
    }
    const pool = workerPool(2, { died() {}, killed() {} }, { fork })
    await pool.start()
    const listeners = Promise.withResolvers<void>()
    const ending = pool.end(() => {
      events.push('the listeners close')
      return listeners.promise
    })
    await setImmediate()
    t.strictSame(events, ['one: end', 'other: end'])
    for (const { drain } of workers) drain()
    await setImmediate()
    t.strictSame(events.splice(0), ['one: end', 'other: end', 'the listeners close'], 'once')
    listeners.resolve()
    await ending
    t.strictSame(events, ['one: may close', 'other: may close'])
  }
)
