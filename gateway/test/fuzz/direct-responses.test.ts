import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { testClock } from '@gatehouse/fixtures/clock'
import { inputs } from '@gatehouse/fixtures/generated'
import { generator } from '@gatehouse/fixtures/generator'
import t, { type Test } from 'tap'
import {
  type Connection,
  connection
} from '../../src/forwarding/connections/http-one/connection.ts'
import type { Connect } from '../../src/forwarding/connections/http-one/connection-options.ts'
import { simpleResponse } from '../../src/forwarding/connections/http-one/direct/simple-response.ts'
import { generatedResponse } from './fixtures/generated-response.ts'
import { FIRST, laterResponses } from './fixtures/later-responses.ts'
import { direct, undici } from './fixtures/two-connectors.ts'

const INPUTS = inputs(4000)

/** What a service sends on the second request of a connection, and whether it then closes it. */
type Said = { readonly bytes: Buffer; readonly pieceAt: number; readonly isLast: boolean }

async function answer(socket: Socket, { bytes, pieceAt, isLast }: Said): Promise<void> {
  if (pieceAt > 0) {
    socket.write(bytes.subarray(0, pieceAt))
    await nextTurn()
    await nextTurn()
  }
  socket.write(bytes.subarray(pieceAt))
  if (isLast) socket.end()
}

const speakingService = (t: Test) =>
  laterResponses(t, { bytes: Buffer.from(FIRST), pieceAt: 0, isLast: false }, answer)

/** All that the gateway learns of one response. */
function outcome(one: Connection): Promise<string> {
  let seen = ''
  return new Promise((resolve) => {
    one.dispatch(
      { path: '/a?b', method: 'GET', headers: { host: 'h', 'x-latin': '\xe9' }, headersTimeout: 0 },
      {
        onRequestStart() {},
        onResponseStart(_controller, status, headers) {
          one.note(headers)
          seen += `${status} ${JSON.stringify(headers)} `
        },
        onResponseData(_controller, chunk) {
          seen += chunk.toString('latin1')
        },
        onResponseEnd: (_controller, trailers) => resolve(`${seen} ${JSON.stringify(trailers)}`),
        onResponseError: (_controller, error) =>
          resolve(`${seen} ${'code' in error ? error.code : error.message}`)
      }
    )
  })
}

const MOST_TURNS = 50

/** The second response on a connection, and what becomes of the connection. */
async function second(origin: string, connect: Connect, isLast: boolean): Promise<string> {
  let after = ''
  const one = connection({
    origin,
    connect,
    monotonicClock: testClock(),
    noteFault: (_place, { message }) => {
      after += `fault ${message} `
    },
    onIdle: () => {
      after += 'idle '
    },
    onClosed: () => {
      after += 'closed '
    }
  })
  await outcome(one)
  const settled = async () => {
    for (let turns = 0; turns < MOST_TURNS && after === ''; turns += 1) await nextTurn()
  }
  await settled()
  after = ''
  const seen = await outcome(one)
  await settled()
  const end = after
  await one.close()
  return `${seen}; ${isLast ? '' : end}`
}

/** As many bytes as a connection reads at a time, and a response behind them. */
function fullRead(): string {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 65400\r\nX-Pad: '
  const pad = 'p'.repeat(2 ** 16 - 65_400 - head.length - 4)
  return `${head}${pad}\r\n\r\n${'c'.repeat(65_400)}${FIRST}`
}

t.test('services and the gateway see the same responses with undici and without it', async (t) => {
  const random = generator()
  const service = await speakingService(t)
  let simple = 0
  for (let input = 0; input < INPUTS; input += 1) {
    const text = generatedResponse(random)
    const bytes = Buffer.from(text, 'latin1')
    // Of any other one, more may be expected.
    const isSimple = simpleResponse(bytes)?.left === 0
    const pieceAt = random.below(4) === 0 ? random.below(bytes.length) : 0
    if (isSimple && pieceAt === 0) simple += 1
    const isLast = !isSimple || random.below(8) === 0
    service.say({ bytes, pieceAt, isLast })
    const first = [await second(service.origin, direct, isLast), service.heard()]
    const other = [await second(service.origin, undici, isLast), service.heard()]
    if (!t.strictSame(first, other, `input ${input} of seed ${random.seed}`)) {
      t.comment(JSON.stringify({ text, pieceAt }))
      return
    }
  }
  t.ok(simple > INPUTS / 10, `${simple} responses were read without undici`)
})

t.test('bytes after a response reach no handler, even in the turn in which it ends', async (t) => {
  const service = await speakingService(t)
  const one = connection({
    origin: service.origin,
    connect: direct,
    monotonicClock: testClock(),
    noteFault: (_place, error) => t.fail(error.message),
    onIdle: () => {},
    onClosed: () => {}
  })
  const events: string[] = []
  const ask = () =>
    new Promise<void>((resolve) => {
      one.dispatch(
        { path: '/', method: 'GET', headers: { host: 'h' }, headersTimeout: 0 },
        {
          onRequestStart() {},
          onResponseStart(_controller, status, headers) {
            one.note(headers)
            events.push(String(status))
          },
          onResponseData: () => {},
          onResponseEnd() {
            events.push('end')
            setImmediate(() => setImmediate(resolve))
          },
          onResponseError(_controller, error) {
            t.fail(error.message)
            resolve()
          }
        }
      )
    })
  await ask()
  service.say({ bytes: Buffer.from(fullRead()), pieceAt: 0, isLast: false })
  await ask()
  t.strictSame(events, ['200', 'end', '200', 'end'])
  await one.close()
})
