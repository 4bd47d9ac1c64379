import t from 'tap'
import { fairTurns } from '../../src/turns/fair-turns.ts'

/** An event loop whose turns the test runs, and a clock that only work advances. */
function steppedLoop() {
  let nowMs = 0
  let callbacks: (() => void)[] = []
  const afterPromises: (() => void)[] = []
  const turns = fairTurns(10, {
    clock: () => nowMs,
    nextTurn: (callback) => callbacks.push(callback),
    afterPromises: (callback) => afterPromises.push(callback)
  })
  return {
    turns,
    work(ms: number) {
      nowMs += ms
    },
    /** @returns whether anything is left for another turn */
    turn() {
      const due = callbacks
      callbacks = []
      for (const callback of due) callback()
      for (let next = afterPromises.shift(); next !== undefined; next = afterPromises.shift()) {
        next()
      }
      return callbacks.length > 0
    }
  }
}

t.test('requests that arrive together hold no turn for much longer than its time', async (t) => {
  const { turns, work, turn } = steppedLoop()
  const perTurn = [0]
  const connections = Array.from({ length: 16 }, () => ({}))
  for (const connection of connections) {
    for (let request = 0; request < 32; request += 1) {
      turns.take('a', connection, () => {
        work(5)
        perTurn.push((perTurn.pop() ?? 0) + 1)
      })
    }
  }
  for (perTurn.push(0); turn(); perTurn.push(0));
  t.equal(
    perTurn.reduce((sum, count) => sum + count),
    16 * 32,
    'each is handled'
  )
  t.equal(Math.max(...perTurn), 2, 'in 10 ms, two of 5 ms each')
})

t.test('a client with many connections delays another client by one turn', async (t) => {
  const { turns, work, turn } = steppedLoop()
  for (let connection = 0; connection < 100; connection += 1) {
    const own = {}
    for (let request = 0; request < 100; request += 1) turns.take('many', own, () => work(1))
  }
  turn()
  let isHandled = false
  turns.take('one', {}, () => {
    isHandled = true
  })
  t.notOk(isHandled, 'others came first')
  turn()
  t.ok(isHandled)
})

t.test('the connections of one client take turns', async (t) => {
  const { turns, work, turn } = steppedLoop()
  const order: string[] = []
  const take = (connection: object, name: string) =>
    turns.take('a', connection, () => {
      work(3)
      order.push(name)
    })
  const [one, other] = [{}, {}]
  for (let request = 0; request < 6; request += 1) take(one, 'one')
  for (let request = 0; request < 2; request += 1) take(other, 'other')
  while (turn());
  t.strictSame(order.slice(0, 4), ['one', 'one', 'one', 'one'], 'before the other has arrived')
  t.strictSame(order.slice(4), ['one', 'other', 'one', 'other'])
})

t.test('cheap requests of one connection are also divided among turns', async (t) => {
  const { turns, turn } = steppedLoop()
  const perTurn = [0]
  const connection = {}
  for (let request = 0; request < 100; request += 1) {
    turns.take('a', connection, () => perTurn.push((perTurn.pop() ?? 0) + 1))
  }
  for (perTurn.push(0); turn(); perTurn.push(0));
  t.equal(Math.max(...perTurn), 8)
})
