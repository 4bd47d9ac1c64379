import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { testClock } from '@gatehouse/fixtures/clock'
import { inputs } from '@gatehouse/fixtures/generated'
import { type Generator, generator } from '@gatehouse/fixtures/generator'
import t, { type Test } from 'tap'
import type { ContentController } from '../../src/forwarding/connections/content-controller.ts'
import {
  type Connection,
  connection
} from '../../src/forwarding/connections/http-one/connection.ts'
import type { Connect } from '../../src/forwarding/connections/http-one/connection-options.ts'
import { FIRST, laterResponses } from './fixtures/later-responses.ts'
import { direct, undici } from './fixtures/two-connectors.ts'

const INPUTS = inputs(600)

/** Every position has bytes of its own, so that a buffer that was used too early shows. */
const ALL = Buffer.from(Array.from({ length: 400_000 }, (_, at) => (at * 31 + (at >> 8)) % 251))

type End = 'complete' | 'surplus' | 'next response' | 'half-closed' | 'closed early' | 'reset early'

/** How a service sends one response. */
type Said = {
  readonly length: number
  /** where one write ends and the next one begins, in a later turn */
  readonly cuts: readonly number[]
  readonly end: End
}

/** What the handler does with each piece of a response. */
type Reading = {
  /** pauses after every nth piece, for `pausedTurns`; 0: never */
  readonly pauseEvery: number
  readonly pausedTurns: number
  /** releases every nth piece when it has copied it; 0: never */
  readonly releaseEvery: number
  /** aborts when it has this many bytes */
  readonly abortAt: number
}

function said(random: Generator): Said {
  const length = random.pick([1, 700, 20_000, 65_536, 100_000, 262_144, 399_000]) + random.below(9)
  const ends: readonly End[] = ['surplus', 'next response', 'half-closed', 'closed early']
  const end = random.below(2) === 0 ? 'complete' : random.pick([...ends, 'reset early' as const])
  const cuts = Array.from({ length: random.below(6) }, () => random.below(length + 60))
  return { length, cuts: cuts.sort((a, b) => a - b), end }
}

const reading = (random: Generator, length: number): Reading => ({
  pauseEvery: random.below(3),
  pausedTurns: 1 + random.below(8),
  releaseEvery: random.below(3),
  abortAt: random.below(8) === 0 ? random.below(length) : Number.POSITIVE_INFINITY
})

async function send(socket: Socket, { length, cuts, end }: Said): Promise<void> {
  const head = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`)
  const isShort = end === 'closed early' || end === 'reset early'
  const content = ALL.subarray(0, isShort ? Math.floor(length / 2) : length)
  const more = { surplus: 'x', 'next response': FIRST }[end as string] ?? ''
  const all = Buffer.concat([head, content, Buffer.from(more)])
  let from = 0
  for (const cut of [...cuts, all.length]) {
    socket.write(all.subarray(from, cut))
    from = cut
    for (let turns = 0; turns < 3; turns += 1) await nextTurn()
  }
  if (end === 'reset early') socket.resetAndDestroy()
  else if (end === 'half-closed' || end === 'closed early') socket.end()
}

type Outcome = { readonly status: number; readonly content: Buffer; readonly end: string }

/** Reads one response. Pieces that were not released are looked at when all have arrived. */
function outcome(one: Connection, how: Reading): Promise<Outcome> {
  const pieces: Buffer[] = []
  let [status, bytes, count] = [0, 0, 0]
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const finish = (end: string) => resolve({ status, content: Buffer.concat(pieces), end })
  const pauseFor = async (controller: ContentController): Promise<void> => {
    controller.pause()
    for (let turns = 0; turns < how.pausedTurns; turns += 1) await nextTurn()
    controller.resume()
  }
  one.dispatch(
    { path: '/', method: 'GET', headers: { host: 'h' }, headersTimeout: 0, bodyTimeout: 0 },
    {
      onRequestStart() {},
      onResponseStart(_controller, code, headers) {
        one.note(headers)
        status = code
      },
      onResponseData(controller: ContentController, piece) {
        count += 1
        bytes += piece.length
        const isReleased = how.releaseEvery > 0 && count % how.releaseEvery === 0
        pieces.push(isReleased ? Buffer.from(piece) : piece)
        if (isReleased && controller.release !== undefined) {
          controller.release(piece)
          // Whoever gets it now may write to it.
          queueMicrotask(() => piece.fill(0))
        }
        if (bytes >= how.abortAt) controller.abort(new Error('enough'))
        else if (how.pauseEvery > 0 && count % how.pauseEvery === 0) void pauseFor(controller)
      },
      onResponseEnd: (_controller, trailers) => finish(`complete ${JSON.stringify(trailers)}`),
      onResponseError: (_controller, error) =>
        finish(error.message === 'enough' ? 'aborted' : 'broken')
    }
  )
  return promise
}

const NO_PAUSE: Reading = {
  pauseEvery: 0,
  pausedTurns: 0,
  releaseEvery: 0,
  abortAt: Number.POSITIVE_INFINITY
}
const MOST_TURNS = 200

/** The second response on a connection, and what becomes of the connection. */
async function second(t: Test, origin: string, connect: Connect, how: Reading) {
  const after: string[] = []
  const one = connection({
    origin,
    connect,
    monotonicClock: testClock(),
    noteFault: (_place, { message }) => t.fail(`fault: ${message}`),
    onIdle: () => after.push('idle'),
    onClosed: () => after.push('closed')
  })
  const settled = async (event: string) => {
    for (let turns = 0; turns < MOST_TURNS && !after.includes(event); turns += 1) await nextTurn()
  }
  await outcome(one, NO_PAUSE)
  await settled('idle')
  after.length = 0
  const seen = await outcome(one, how)
  await settled('closed')
  const isKept = !after.includes('closed')
  await one.close()
  return { ...seen, isKept }
}

t.test(
  'long responses are the same with undici and without it, however they are read',
  async (t) => {
    const random = generator()
    const ends = new Set<string>()
    const service = await laterResponses<Said>(t, { length: 0, cuts: [], end: 'complete' }, send)
    for (let input = 0; input < INPUTS; input += 1) {
      const response = said(random)
      const how = reading(random, response.length)
      service.say(response)
      const [one, heard] = [await second(t, service.origin, direct, how), service.heard()]
      const [other, heardOther] = [await second(t, service.origin, undici, how), service.heard()]
      const what = `input ${input} of seed ${random.seed}: ${JSON.stringify({ response, how })}`
      const whole = ALL.subarray(0, response.length)
      const isComplete = one.end.startsWith('complete')
      const isRight =
        heard === heardOther &&
        one.end === other.end &&
        one.status === other.status &&
        one.isKept === other.isKept &&
        (isComplete
          ? one.content.equals(whole)
          : one.content.equals(whole.subarray(0, one.content.length)))
      ends.add(one.end)
      if (isRight) continue
      const short = ({ content, ...rest }: Outcome) => ({ ...rest, bytes: content.length })
      t.strictSame(short(one), short(other), what)
      t.fail('the contents, or what the service has heard, differ')
      return
    }
    t.strictSame([...ends].sort(), ['aborted', 'broken', 'complete {}'], `in ${INPUTS} responses`)
  }
)
