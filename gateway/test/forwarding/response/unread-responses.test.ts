import { Registry } from 'prom-client'
import t from 'tap'
import { unreadResponses } from '../../../src/forwarding/response/unread-responses.ts'

const ANSWER_BYTES = 448 * 1024

/** A budget for this number of responses, and the names of those that were ended. */
function budget(answers: number) {
  const metrics = new Registry()
  const unread = unreadResponses(answers * ANSWER_BYTES, metrics)
  const ended: string[] = []
  const wait = (caller: string | null, name: string): (() => void) => {
    const leave = unread.wait(caller, () => {
      ended.push(name)
      leaves.get(name)?.()
    })
    leaves.set(name, leave)
    return leave
  }
  const leaves = new Map<string, () => void>()
  const figure = async (name: string) =>
    (await metrics.getSingleMetric(name)?.get())?.values[0]?.value
  return { wait, ended, figure }
}

t.test('the caller with the most unread responses loses the one that waits longest', async (t) => {
  const { wait, ended, figure } = budget(4)
  wait('one', 'a')
  wait('many', 'b')
  wait('many', 'c')
  wait(null, 'd')
  t.strictSame(ended, [])
  wait('another', 'e')
  t.strictSame(ended, ['b'])
  wait('many', 'f')
  t.strictSame(ended, ['b', 'c'], 'those that wait for the same time are of the same caller')
  t.equal(await figure('gateway_unread_responses_ended_total'), 2)
  t.equal(await figure('gateway_unread_response_bytes'), 4 * ANSWER_BYTES)
})

t.test(
  'a response whose client has read starts to wait again, and is not the next to be ended',
  async (t) => {
    const { wait, ended } = budget(2)
    wait('one', 'a')()
    wait('one', 'b')
    wait('one', 'a again')
    wait('one', 'c')
    t.strictSame(ended, ['b'])
  }
)

t.test('responses without a caller are not counted as those of one caller', async (t) => {
  const { wait, ended } = budget(4)
  wait(null, 'a')
  wait(null, 'b')
  wait('one', 'c')
  wait('one', 'd')
  wait(null, 'e')
  t.strictSame(ended, ['c'])
})

t.test('responses that no longer wait take no memory', async (t) => {
  const { wait, ended, figure } = budget(2)
  for (let times = 0; times < 10; times += 1) {
    const leave = wait('one', 'a')
    leave()
    leave()
  }
  t.strictSame(ended, [])
  t.equal(await figure('gateway_unread_response_bytes'), 0)
})
