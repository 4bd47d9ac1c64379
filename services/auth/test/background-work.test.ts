import t from 'tap'
import { backgroundWork } from '../src/background-work.ts'

// The pauses of background work do not keep a process alive.
const alive = setInterval(() => {}, 1000)
t.teardown(() => clearInterval(alive))

t.test('a fault is reported with the name of its job, once until it changes or ends', async (t) => {
  const results = [null, 'down', 'down', 'locked', null, 'locked', null]
  const reported: string[] = []
  const done = Promise.withResolvers<void>()
  let rounds = 0
  const work = backgroundWork({
    jobs: [
      {
        name: 'first',
        run: async () => {
          const fault = results[rounds]
          if (typeof fault === 'string') throw new Error(fault)
        }
      },
      {
        name: 'second',
        run: async () => {
          rounds++
          if (rounds === results.length) done.resolve()
          throw 'always'
        }
      }
    ],
    onFault: (job, error) =>
      reported.push(`${job}: ${error instanceof Error ? error.message : error}`),
    intervalMs: 0
  })
  await done.promise
  await work.close()
  t.strictSame(reported, ['second: always', 'first: down', 'first: locked', 'first: locked'])
})

t.test('closing waits for the job under way, and starts no other round', async (t) => {
  const started = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  let runs = 0
  const work = backgroundWork({
    jobs: [
      {
        name: 'slow',
        run: async () => {
          runs++
          started.resolve()
          await finish.promise
        }
      }
    ],
    onFault: (_, error) => t.error(error),
    intervalMs: 0
  })
  await started.promise
  let closed = false
  const closing = work.close().then(() => {
    closed = true
  })
  await new Promise(setImmediate)
  t.equal(closed, false)
  finish.resolve()
  await closing
  await new Promise((resolve) => setTimeout(resolve, 0))
  t.equal(runs, 1)
})
