import t from 'tap'
import { hashQueue, hashThreads } from '../../../src/accounts/passwords/hash-queue.ts'

/** Work that ends when the test says so. */
function works() {
  const finish: (() => void)[] = []
  let started = 0
  const work = (answer: number) => () => {
    started += 1
    return new Promise<number>((resolve) => finish.push(() => resolve(answer)))
  }
  return { work, finish, started: () => started }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

t.test(
  'the queue runs as many hashes at a time as its width, and the others in order',
  async (t) => {
    const queue = hashQueue({ width: 2, longest: 10 })
    const { work, finish, started } = works()
    const order: number[] = []
    const all = [1, 2, 3, 4].map((n) => queue(work(n)).then((answer) => order.push(answer)))
    await settled()
    t.equal(started(), 2)
    finish[1]?.()
    await settled()
    t.equal(started(), 3, 'a place that is free is taken')
    finish[2]?.()
    await settled()
    finish[0]?.()
    await settled()
    finish[3]?.()
    await Promise.all(all)
    t.strictSame(order, [2, 3, 1, 4])
  }
)

t.test('a login that finds the queue of hashes full gets 503, and soon succeeds', async (t) => {
  const queue = hashQueue({ width: 1, longest: 1 })
  const { work, finish } = works()
  const first = queue(work(1))
  const second = queue(work(2))
  await t.rejects(queue(work(3)), {
    code: 'UNAVAILABLE',
    status: 503,
    headers: { 'retry-after': '1' }
  })
  finish[0]?.()
  t.equal(await first, 1)
  await settled()
  finish[1]?.()
  t.equal(await second, 2)
  const third = queue(work(4))
  await settled()
  finish[2]?.()
  t.equal(await third, 4, 'and there is room again')
})

t.test('a failed hash gives its place back', async (t) => {
  const queue = hashQueue({ width: 1, longest: 0 })
  await t.rejects(
    queue(() => Promise.reject(new Error('no'))),
    { message: 'no' }
  )
  t.equal(await queue(async () => 'yes'), 'yes')
})

t.test('a thread and half of the cores are left for everything else', async (t) => {
  const [pool, cores, width] = [0, 1, 2]
  for (const row of [
    [1, 8, 1],
    [4, 1, 1],
    [4, 2, 1],
    [4, 4, 2],
    [4, 8, 3],
    [64, 16, 8]
  ]) {
    t.equal(hashThreads(row[pool] ?? 0, row[cores]), row[width], `${row}`)
  }
})
