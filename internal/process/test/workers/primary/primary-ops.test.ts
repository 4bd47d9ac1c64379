import { buildService, type Service } from '@gatehouse/http-service/build-service'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { Registry } from 'prom-client'
import t, { type Test } from 'tap'
import { buildOps } from '../../../src/ops/ops-listener.ts'
import { answerOf } from '../../../src/workers/answer-primary.ts'
import { type AskWorker, askWorker } from '../../../src/workers/primary/ask-worker.ts'
import { buildPrimaryOps } from '../../../src/workers/primary/primary-ops.ts'

const log = serviceLog('ops', 'silent')

type Worker = AskWorker & {
  /** the number of questions that it got */
  readonly asked: () => number
}

/** A worker in this process, with the questions of the primary process. */
function worker(listener: Service | null, limits = { stateMs: 1000, requestMs: 60_000 }): Worker {
  let count = 0
  const metrics = new Registry()
  const questions = askWorker((message) => {
    if (!('ask' in message)) return
    count += 1
    if (listener === null) return
    void answerOf(listener, metrics, message.request).then((answer) =>
      questions.hear(message.ask, structuredClone(answer))
    )
  }, limits)
  return { ask: questions.ask, owesMs: questions.owesMs, asked: () => count }
}

const KEYS = '/keys'

/** The ops listener of a worker. Its `/operator` responds when `release` is called. */
function workerListener(t: Test): { readonly ops: Service; release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const ops = buildOps({ log, metrics: new Registry(), checks: {}, service: buildService({ log }) })
  ops.get(KEYS, async () => ({ keys: ['a'] }))
  ops.get('/operator', async () => {
    await promise
    return { done: true }
  })
  t.teardown(() => ops.close())
  return { ops, release: resolve }
}

function primary(t: Test, workers: readonly Worker[]): Service {
  const ops = buildPrimaryOps({
    log,
    metrics: new Registry(),
    pool: { up: () => workers, told: () => ({ alive: [], ended: [] }) },
    workers: workers.length,
    draining: () => null,
    hosts: [],
    merged: { [KEYS]: { schema: {}, merge: (bodies) => bodies } }
  })
  t.teardown(() => ops.close())
  return ops
}

const statusesOf = async (ops: Service, url: string, times: number): Promise<number[]> => {
  const answers = await Promise.all(Array.from({ length: times }, () => ops.inject({ url })))
  return [...new Set(answers.map(({ statusCode }) => statusCode))]
}

t.test('any number of probes, scrapes and operators at once get correct answers', async (t) => {
  const [one, other] = [workerListener(t), workerListener(t)]
  const workers = [worker(one.ops), worker(other.ops)]
  const ops = primary(t, workers)
  one.release()
  other.release()
  for (const url of ['/healthz', '/readyz', '/metrics', KEYS, '/operator']) {
    t.strictSame(await statusesOf(ops, url, 100), [200], url)
  }
  t.strictSame((await ops.inject({ url: KEYS })).json(), [{ keys: ['a'] }, { keys: ['a'] }])
})

t.test('probes that come at the same time ask each worker once', async (t) => {
  const { ops: listener } = workerListener(t)
  const only = worker(listener)
  await statusesOf(primary(t, [only]), '/readyz', 50)
  t.equal(only.asked(), 1)
})

t.test('slow requests of operators, however many, leave the probes their answers', async (t) => {
  const { ops: listener, release } = workerListener(t)
  const ops = primary(t, [worker(listener)])
  const slow = statusesOf(ops, '/operator', 60)
  for (const url of ['/healthz', '/readyz', '/metrics', KEYS]) {
    t.strictSame(await statusesOf(ops, url, 10), [200], url)
  }
  release()
  t.strictSame(await slow, [200])
})

t.test('a question over the limit of simultaneous questions waits for its turn', async (t) => {
  const { ops: listener, release } = workerListener(t)
  const only = worker(listener)
  const slow = statusesOf(primary(t, [only]), '/operator', 200)
  // The first question is whether the worker answers.
  while (only.asked() < 65) await new Promise(setImmediate)
  t.equal(only.asked(), 65, 'the channel carries no more')
  release()
  t.strictSame(await slow, [200])
})

t.test('a worker that hangs is asked nothing until it answers, and others answer', async (t) => {
  const { ops: listener, release } = workerListener(t)
  release()
  const hanging = worker(null, { stateMs: 20, requestMs: 20 })
  const ops = primary(t, [hanging, worker(listener)])
  t.equal((await ops.inject({ url: '/readyz' })).json().status, 'degraded')
  const asked = hanging.asked()
  t.strictSame(await statusesOf(ops, '/operator', 20), [200])
  t.strictSame((await ops.inject({ url: KEYS })).json(), [null, { keys: ['a'] }])
  t.equal(hanging.asked(), asked)
  t.ok(hanging.owesMs() > 0)
})

t.test('a worker that hung is asked again once it has answered', async (t) => {
  const asked: number[] = []
  const { ask, hear, owesMs } = askWorker(
    (message) => {
      if ('ask' in message) asked.push(message.ask)
    },
    { stateMs: 20, requestMs: 20 }
  )
  t.equal(await ask('metrics', null), null)
  t.equal(await ask('metrics', null), null, 'at once')
  t.strictSame(asked, [1])
  hear(1, [])
  t.equal(owesMs(), 0)
  const answer = ask('metrics', null)
  hear(asked.at(-1) ?? 0, [])
  t.strictSame(await answer, [])
})

t.test('if no worker answers, no response looks complete', async (t) => {
  const ops = primary(t, [worker(null, { stateMs: 20, requestMs: 20 })])
  t.strictSame(await statusesOf(ops, KEYS, 3), [503])
  t.strictSame(await statusesOf(ops, '/readyz', 3), [503])
  t.strictSame(await statusesOf(primary(t, []), KEYS, 1), [503])
})
