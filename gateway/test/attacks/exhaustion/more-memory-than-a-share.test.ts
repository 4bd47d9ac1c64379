import { eventually } from '@gatehouse/fixtures/client'
import { Refusal } from '@gatehouse/problem/refusal'
import t from 'tap'
import { bodyMemory } from '../../../src/forwarding/request/body-memory.ts'
import { halves } from '../fixtures/halves.ts'

// Bodies that the gateway holds until they are complete take no place of a service.
t.test('unfinished bodies of one address do not fill the memory', async (t) => {
  const { gateway, send } = await halves(t, 5)
  gateway.upstream.answer = (_request, response) => response.end('well')
  const post = (length: number, ...body: string[]) => [
    'POST /small HTTP/1.1',
    'Host: a',
    `Content-Length: ${length}`,
    '',
    ...body
  ]
  const statusFrom = async (from: string) => (await send(from, post(6, 'ab'))).status
  // 5 percent of 64 MiB, and 80 KiB for each body.
  const held = 40
  const unfinished = Array.from({ length: held + 20 }, () => send('127.0.0.2', post(65_536, 'a')))
  const statuses: number[] = []
  const sent = await Promise.all(unfinished)
  for (const { status } of sent) void status.then((code) => statuses.push(code))
  const all = await eventually(
    async () => [...statuses],
    ({ length }) => length === 20,
    5000
  )
  t.strictSame(all, Array(20).fill(429))
  t.equal(await statusFrom('127.0.0.3'), 200)
  for (const { socket } of sent) socket.destroy()
  const later = await eventually(
    () => statusFrom('127.0.0.2'),
    (status) => status === 200,
    60_000
  )
  t.equal(later, 200, 'the memory is given back')
})

t.test('one caller can use only its share of the memory for incomplete bodies', async (t) => {
  const kib = 1024
  const { reserve } = bodyMemory(50, 160 * kib)
  const take = (caller: string | null) => {
    const release = reserve(caller, 4 * kib)
    return release instanceof Refusal ? release.code : release
  }
  const own = [1, 2, 3, 4].map(() => take('ada'))
  t.notOk(own.includes('RATE_LIMITED'), '80 of 160 KiB')
  t.equal(take('ada'), 'RATE_LIMITED')
  t.type(take('bob'), 'function')
  t.type(take('bob'), 'function', '40 of the 80 KiB that are left')
  t.equal(take('bob'), 'RATE_LIMITED')
  t.type(take(null), 'function')
  t.type(take(null), 'function')
  t.equal(take(null), 'UNAVAILABLE')
  const [release] = own
  if (typeof release === 'function') release()
  t.equal(take('ada'), 'RATE_LIMITED', 'the others have more now')
  t.type(take(null), 'function')
})
