import { eventually } from '@gatehouse/fixtures/client'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { memoryFleet } from '@gatehouse/fleet/memory-fleet'
import { MOST_OPEN } from '@gatehouse/fleet/questions'
import { redisFleet } from '@gatehouse/fleet/redis-fleet'
import t, { type Test } from 'tap'
import { answerQuestions } from '../../src/questions/answer-questions.ts'
import { answerTo } from '../../src/questions/answer-to.ts'
import { readRouteTable } from '../../src/routes/table/load-route-table.ts'
import { routesVersion } from '../../src/routes/table/routes-version.ts'

const yaml = `
upstreams: { orders: 'http://orders:3002/api' }
routes:
  - { name: orders, prefix: /orders, upstream: orders, methods: { GET: {}, POST: { scopes: [write] } } }
`
const table = readRouteTable(yaml, {})
const command = async ({ id }: { readonly id: string }) => (id === 'known' ? '{"done":true}' : null)
const asked = {
  id: 'a',
  answerTo: answerTo(() => table, command),
  intervalMs: 5
}

const fleets = [
  { name: 'in one process', skip: false, open: async () => memoryFleet(() => performance.now()) },
  {
    name: 'over Redis',
    skip: redisMissing,
    open: async (t: Test) => redisFleet(await redisConnection(t, (await redisServer(t)).url))
  }
] as const

for (const { name, skip, open } of fleets) {
  t.test(`${name}: a gateway answers only questions to it, once`, { skip }, async (t) => {
    const { questions } = await open(t)
    const faults: unknown[] = []
    const onFault = (error: unknown) => faults.push(error)
    t.teardown(answerQuestions({ ...asked, questions, onFault }))
    const ask = (id: string, to: string[], request: { method: string; path: string } | null) =>
      questions.ask({ id, to, request })
    const answerOf = async (id: string) => {
      const answers = await eventually(
        () => questions.answers(id, ['a']),
        (all) => all.size > 0
      )
      return JSON.parse(answers.get('a') ?? 'null')
    }
    await ask('others', ['b'], { method: 'GET', path: '/orders' })
    await ask('refused', ['a', 'b'], { method: 'PUT', path: '/orders' })
    t.match(await answerOf('refused'), {
      explanation: null,
      refusal: { status: 405, why: 'its route accepts GET, POST, HEAD' }
    })
    await ask('explained', ['a'], { method: 'POST', path: '/orders/7?x=1' })
    t.match(await answerOf('explained'), {
      refusal: null,
      explanation: {
        route: 'orders',
        needs: 'an access token with the scope write',
        goes: ['POST http://orders:3002/api/orders/7?x=1']
      }
    })
    await ask('table', ['a'], null)
    t.strictSame(await answerOf('table'), {
      routesVersion: routesVersion(table),
      routes: [
        {
          name: 'orders',
          prefixes: ['/orders'],
          requires: ['an access token', 'GET: nothing more', 'POST: with the scope write'],
          upstream: 'orders',
          addresses: ['http://orders:3002/api']
        }
      ],
      total: 1
    })
    t.equal((await questions.answers('others', ['a', 'b'])).size, 0)
    const command = { to: ['a'], request: null, isCommand: true }
    await questions.ask({ ...command, id: 'unknown' }, 'unsigned')
    t.equal(await questions.commandOf('unknown'), 'unsigned')
    await questions.ask({ ...command, id: 'known' }, 'signed')
    t.strictSame(await answerOf('known'), { done: true })
    t.equal((await questions.answers('unknown', ['a'])).size, 0, 'nothing is answered')
    t.equal(await questions.commandOf('none'), null)
    for (let count = 0; count < MOST_OPEN; count += 1) await ask(`many ${count}`, ['b'], null)
    t.equal((await questions.open()).length, MOST_OPEN, 'the oldest are forgotten')
    t.strictSame(faults, [])
  })
}

t.test('the version of a route table is that of its content', async (t) => {
  t.equal(routesVersion(readRouteTable(yaml, {})), routesVersion(table))
  t.not(routesVersion(readRouteTable(yaml.replace('write', 'read'), {})), routesVersion(table))
  const forPagesOf = (origin: string) =>
    readRouteTable(yaml.replace('methods:', `cors: { origins: ['${origin}'] }, methods:`), {})
  const [one, other] = ['https://one.example', 'https://other.example'].map(forPagesOf)
  if (one === undefined || other === undefined) throw new Error('there is no table')
  t.not(routesVersion(one), routesVersion(other), 'other pages may use the route')
})
