import { Refusal } from '@gatehouse/problem/refusal'
import t from 'tap'
import { backgroundWork, faultOfJob } from '../../src/background/background-work.ts'

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

t.test('an outage is logged with its cause, and without a stack', async (t) => {
  const cause = new Error('READONLY You cannot write')
  const outage = new Refusal('UNAVAILABLE', { reason: 'the session store did not answer', cause })
  t.strictSame(faultOfJob(outage), {
    cause: 'the session store did not answer: READONLY You cannot write'
  })
  const away = new Error("Stream isn't writeable and enableOfflineQueue options is false")
  t.strictSame(
    faultOfJob(new Refusal('UNAVAILABLE', { reason: 'down', cause: away })),
    { cause: 'down: there is no connection to Redis' },
    'not in the words of a library'
  )
  t.strictSame(faultOfJob(new Refusal('UNAVAILABLE', { reason: 'down' })), { cause: 'down' })
  const bug = new TypeError('x is not a function')
  t.strictSame(faultOfJob(bug), { err: bug }, 'a bug keeps its stack')
})

t.test('a job that takes long does not delay an urgent one', async (t) => {
  const thrice = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  let runs = 0
  const urgent = async () => {
    runs++
    if (runs === 3) thrice.resolve()
  }
  const work = backgroundWork({
    jobs: [
      { name: 'slow', run: () => finish.promise },
      { name: 'urgent', run: urgent, isUrgent: true }
    ],
    onFault: (_, error) => t.error(error),
    intervalMs: 0
  })
  await thrice.promise
  finish.resolve()
  await work.close()
  t.ok(runs >= 3)
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
