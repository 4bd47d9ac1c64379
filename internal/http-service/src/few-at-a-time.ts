import type { FastifyInstance } from 'fastify'
import { isGone, isHttpTwo } from './http-two.ts'
import { inFront } from './in-front.ts'

/**
 * How many requests of one HTTP/2 connection are handled at once: as they are read, and then in
 * each turn of the event loop.
 */
const MOST_AT_ONCE = 8

type Handle = () => void
/** The requests of one connection in this turn. */
type Turn = { taken: number; readonly waiting: Handle[] }

/**
 * Handles a few requests of an HTTP/2 connection per turn of the event loop, and the others in
 * later turns. One packet can open a hundred streams and reset them; requests that are reset while
 * they wait never reach the framework, which would prepare a log, a request and a reply for each.
 */
export function fewAtATime(service: FastifyInstance): void {
  const turns = new WeakMap<object, Turn>()
  const turnOf = (session: object): Turn => {
    const known = turns.get(session)
    if (known !== undefined) return known
    const turn: Turn = { taken: 0, waiting: [] }
    turns.set(session, turn)
    return turn
  }
  const take = (turn: Turn, handle: Handle): void => {
    if (turn.taken === 0) setImmediate(nextTurn, turn)
    turn.taken += 1
    handle()
  }
  const nextTurn = (turn: Turn): void => {
    turn.taken = 0
    for (const handle of turn.waiting.splice(0, MOST_AT_ONCE)) take(turn, handle)
  }

  inFront(service, (raw, response, handle) => {
    if (!isHttpTwo(raw)) return handle()
    const { session } = raw.stream
    // Its connection has closed.
    if (session === undefined) return
    const turn = turnOf(session)
    if (turn.taken < MOST_AT_ONCE && turn.waiting.length === 0) return take(turn, handle)
    turn.waiting.push(() => {
      if (!isGone(response)) handle()
    })
  })
}
