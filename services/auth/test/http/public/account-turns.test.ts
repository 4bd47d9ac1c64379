import { testClock } from '@gatehouse/fixtures/clock'
import { buildService, type Service } from '@gatehouse/http-service/build-service'
import { serviceLog } from '@gatehouse/http-service/service-log'
import type { Identity } from '@gatehouse/identity/fastify'
import t, { type Test } from 'tap'
import { boundStoreTime } from '../../../src/http/bound-store-time.ts'
import { takeTurns } from '../../../src/http/public/account-turns.ts'
import { storeUnavailable } from '../../../src/refusals.ts'
import { inStoreTime } from '../../../src/store-time.ts'

const aMoment = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A service whose clients say in a header who they are. */
function built(t: Test): Service {
  const service = buildService({ log: serviceLog('auth', 'silent') })
  t.teardown(() => service.close())
  service.decorateRequest('identity', null)
  service.addHook('onRequest', async (request) => {
    const [subject, session] = String(request.headers.caller ?? '').split('/')
    if (session !== undefined) request.identity = { subject, session } as Identity
  })
  return service
}

t.test('the changes of an account take turns, its reads too, and so do its sessions', async (t) => {
  const service = built(t)
  takeTurns(service)
  const ends: (() => void)[] = []
  const begun: string[] = []
  const handle = async ({ headers: { caller } }: { headers: Record<string, unknown> }) => {
    begun.push(String(caller))
    await new Promise<void>((resolve) => ends.push(resolve))
    return {}
  }
  service.post('/change', handle)
  service.get('/read', handle)
  const send = (method: 'GET' | 'POST', url: string, caller: string) =>
    service.inject({ method, url, headers: { caller } }).then(({ statusCode }) => statusCode)
  const end = async () => {
    while (ends.length === 0) await aMoment()
    ends.shift()?.()
  }

  const first = send('POST', '/change', 'ada/1')
  while (begun.length < 1) await aMoment()
  const changes = Array.from({ length: 33 }, () => send('POST', '/change', 'ada/1'))
  const others = [
    send('POST', '/change', 'eve/1'),
    send('POST', '/change', 'nobody'),
    send('GET', '/read', 'ada/1'),
    send('GET', '/read', 'ada/1'),
    send('POST', '/change', 'ada/2')
  ]
  while (begun.length < 4) await aMoment()
  for (let count = 0; count < 100; count += 1) await aMoment()
  const known = begun.splice(0).sort()
  t.strictSame(known, ['ada/1', 'ada/1', 'eve/1', 'nobody'], 'one change and one read at a time')
  await end()
  while (begun.length < 1) await aMoment()
  t.strictSame(begun, ['ada/2'], 'another session of the account is next')
  for (let done = 0; done < 37; done += 1) await end()
  t.strictSame(await Promise.all([first, ...others]), [200, 200, 200, 200, 200, 200])
  t.strictSame(await Promise.all(changes), [...Array(32).fill(200), 429], 'one is too many')
})

t.test('reads that wait too long for each other get 429, and 503 if a store fails', async (t) => {
  const service = built(t)
  const clock = testClock()
  const budgetMs = 60_000
  boundStoreTime(service, budgetMs)
  takeTurns(service, clock)
  const reads: PromiseWithResolvers<void>[] = []
  service.get('/read', async () => {
    const read = Promise.withResolvers<void>()
    reads.push(read)
    await inStoreTime(() => read.promise).catch((error: unknown) => {
      throw storeUnavailable(error)
    })
    return {}
  })
  const send = () => service.inject({ url: '/read', headers: { caller: 'ada/1' } })
  for (const [fault, statuses] of [
    [null, [200, 429, 429]],
    [new Error('away'), [503, 503, 503]]
  ] as const) {
    const answers = [send(), send(), send()]
    while (reads.length < 1) await aMoment()
    for (let count = 0; count < 10; count += 1) await aMoment()
    clock.advance(budgetMs)
    const [first] = reads.splice(0)
    if (fault === null) first?.resolve()
    else first?.reject(fault)
    const all = await Promise.all(answers)
    t.strictSame(
      all.map(({ statusCode }) => statusCode),
      statuses
    )
    reads.length = 0
    clock.advance(1)
  }
})
