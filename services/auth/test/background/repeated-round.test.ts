import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { repeatedRound } from '../../src/background/repeated-round.ts'

t.test(
  'a caller waits only for the round that it requested, even if each round requests another',
  async (t) => {
    let rounds = 0
    let isClosed = false
    const { request, inProgress } = repeatedRound(async () => {
      rounds += 1
      await turn()
      if (!isClosed) void request()
    })
    await request()
    t.equal(rounds, 1)
    await request()
    t.ok(rounds <= 3, 'after at most the round in progress and the next one')
    isClosed = true
    while (inProgress() !== null) await inProgress()
  }
)

t.test('rounds are one at a time, and requests during one share the next', async (t) => {
  let running = 0
  let rounds = 0
  const { request, inProgress } = repeatedRound(async () => {
    rounds += 1
    running += 1
    t.equal(running, 1)
    await turn()
    running -= 1
  })
  const first = request()
  const [second, third] = [request(), request()]
  t.equal(second, third)
  await Promise.all([first, second])
  t.equal(rounds, 2)
  t.equal(inProgress(), null)
})

t.test('a request between two rounds does not begin a third one beside them', async (t) => {
  let running = 0
  const { request, inProgress } = repeatedRound(async () => {
    running += 1
    t.equal(running, 1)
    await turn()
    running -= 1
  })
  const first = request()
  void request()
  await first
  void request()
  while (inProgress() !== null) await inProgress()
  t.equal(running, 0)
})

t.test('a round that fails rejects its own request, and the next one begins', async (t) => {
  let fails = true
  const { request } = repeatedRound(async () => {
    await turn()
    if (fails) throw new Error('the database is down')
  })
  const first = request()
  const second = request()
  await t.rejects(first, { message: 'the database is down' })
  fails = false
  await t.resolves(second)
  await t.resolves(request())
})
