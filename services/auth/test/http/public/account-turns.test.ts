import { buildService } from '@gatehouse/http-service/build-service'
import { serviceLog } from '@gatehouse/http-service/service-log'
import type { Identity } from '@gatehouse/identity/fastify'
import t from 'tap'
import { takeTurns } from '../../../src/http/public/account-turns.ts'

const aMoment = () => new Promise<void>((resolve) => setImmediate(resolve))

t.test('the changes of an account take turns, its reads too, and so do its sessions', async (t) => {
  const service = buildService({ log: serviceLog('auth', 'silent') })
  t.teardown(() => service.close())
  service.decorateRequest('identity', null)
  service.addHook('onRequest', async (request) => {
    const [subject, session] = String(request.headers.caller ?? '').split('/')
    if (session !== undefined) request.identity = { subject, session } as Identity
  })
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
