import t from 'tap'
import { tooManyPasswords } from '../../../src/accounts/account-refusals.ts'
import { turns } from '../../../src/accounts/credentials/turns.ts'

/** Work that ends when the test says so. */
function work() {
  const begun: string[] = []
  const ends: (() => void)[] = []
  const of = (name: string) => () => {
    begun.push(name)
    return new Promise<string>((resolve) => ends.push(() => resolve(name)))
  }
  return { begun, ends, of }
}
const aMoment = () => new Promise<void>((resolve) => setImmediate(resolve))

t.test('work on one subject is sequential, and work on another does not wait', async (t) => {
  const turn = turns(10, tooManyPasswords)
  const { begun, ends, of } = work()
  const all = [turn('a', of('a1')), turn('a', of('a2')), turn('b', of('b1'))]
  await aMoment()
  t.strictSame(begun, ['a1', 'b1'])
  ends[0]?.()
  t.equal(await all[0], 'a1')
  await aMoment()
  t.strictSame(begun, ['a1', 'b1', 'a2'])
  for (const end of ends) end()
  t.strictSame(await Promise.all(all), ['a1', 'a2', 'b1'])
})

t.test('a failure does not affect later work', async (t) => {
  const turn = turns(10, tooManyPasswords)
  const failing = turn('a', async () => {
    throw new Error('no')
  })
  const next = turn('a', async () => 'yes')
  await t.rejects(failing, { message: 'no' })
  t.equal(await next, 'yes')
})

t.test('the number of waiting calls is limited', async (t) => {
  const turn = turns(1, tooManyPasswords)
  const { ends, of } = work()
  const waiting = [turn('a', of('1')), turn('a', of('2'))]
  await t.rejects(turn('a', of('3')), { code: 'UNAVAILABLE' })
  t.equal(await turn('b', async () => 'b'), 'b')
  for (let left = 2; left > 0; left -= 1) {
    await aMoment()
    ends.shift()?.()
  }
  t.strictSame(await Promise.all(waiting), ['1', '2'])
  t.equal(await turn('a', async () => 'again'), 'again')
})
