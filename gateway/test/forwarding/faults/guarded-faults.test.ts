import { type ServerResponse, validateHeaderValue } from 'node:http'
import { testClock } from '@gatehouse/fixtures/clock'
import { Registry } from 'prom-client'
import t, { type Test } from 'tap'
import { type GuardedPlace, guard } from '../../../src/forwarding/faults/guard.ts'
import { guardedFaults } from '../../../src/forwarding/faults/guarded-faults.ts'
import { capturedLog } from '../../fixtures/captured-log.ts'
import { edge } from '../../fixtures/edge.ts'

function noting(t: Test) {
  const metrics = new Registry()
  const clock = testClock()
  const { log, lines, text } = capturedLog(t)
  const noteFault = guardedFaults({ metrics, log, monotonicClock: clock })
  const count = async (place: GuardedPlace) => {
    const found = await metrics.getSingleMetric('gateway_guarded_faults_total')?.get()
    return found?.values.find(({ labels }) => labels.place === place)?.value
  }
  return { noteFault, count, clock, lines, text }
}

t.test('a fault ends its exchange, is counted, and is logged without its message', async (t) => {
  const { noteFault, count, lines, text } = noting(t)
  let ended = 0
  const guarded = guard({ place: 'answer', noteFault, end: () => (ended += 1) })
  const write = guarded((value: string) => validateHeaderValue(value, '\n'))
  t.equal(await count('answer'), 0, 'from the start, for alerts')
  write('x-bytes-of-a-service')
  t.equal(ended, 1)
  t.equal(await count('answer'), 1)
  t.equal(await count('websocket'), 0)
  const [line, ...more] = lines()
  t.match(line, {
    msg: 'an internal error ended a response',
    place: 'answer',
    fault: { type: 'TypeError', code: 'ERR_INVALID_CHAR', stack: /at .*guarded-faults\.test\.ts/ }
  })
  t.notMatch(text(), 'x-bytes-of-a-service')
  t.strictSame(more, [])
})

t.test('a line in the message of an error is not logged as a stack frame', async (t) => {
  const { noteFault, lines } = noting(t)
  noteFault('websocket', new Error('no\n    at bytes of a service'))
  t.notMatch(JSON.stringify(lines()), 'bytes of a service')
  t.match(lines(), [{ fault: { stack: /^ {4}at / } }])
})

t.test('in a flood of faults, all are counted and a few are logged', async (t) => {
  const { noteFault, count, clock, lines } = noting(t)
  const many = () => {
    for (let index = 0; index < 100; index += 1) noteFault('upgrade', new Error('again'))
  }
  many()
  t.equal(lines().length, 10)
  clock.advance(60_000)
  many()
  t.equal(lines().length, 20)
  t.equal(lines()[10]?.unlogged, 90, 'a line says how many were left out before it')
  t.equal(await count('upgrade'), 200)
})

t.test('a fault in a response ends the request to its service', async (t) => {
  const gateway = await edge(t)
  const gone = new Promise((resolve) => {
    gateway.upstream.answer = (_request, response) => {
      response.once('close', resolve)
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
    }
  })
  gateway.server.on('request', (_request: unknown, response: ServerResponse) => {
    response.write = () => {
      throw new Error('a fault of the gateway')
    }
  })
  await t.rejects(
    gateway.call('/open').then((answer) => answer.text()),
    { cause: { code: 'UND_ERR_SOCKET' } }
  )
  await t.resolves(gone)
})
