import {
  ACK,
  END_HEADERS,
  END_STREAM,
  type Field,
  fields,
  frame,
  kind,
  repeated
} from '@gatehouse/fixtures/http-two-frames'
import t from 'tap'
import { plain } from '../fixtures/http-two-requests.ts'
import { edgeOverTls, outcomeOf } from '../fixtures/raw-http-two.ts'

/** Node.js enforces its own limit only on clients that have confirmed the settings. */
const beginnings = {
  'confirms the settings': frame(kind.settings, ACK, 0),
  'does not confirm the settings': Buffer.alloc(0)
}

for (const [title, beginning] of Object.entries(beginnings)) {
  t.test(`a client that ${title} may send 16 KiB of decoded headers`, async (t) => {
    const gateway = await edgeOverTls(t)
    const asks = (more: Buffer) =>
      outcomeOf(
        t,
        gateway,
        Buffer.concat([
          beginning,
          frame(kind.headers, END_STREAM, 1, fields(plain)),
          frame(kind.continuation, END_HEADERS, 1, more)
        ])
      )
    const lines = Array.from({ length: 90 }, (_, at): Field => [`x-${at}`, 'y'.repeat(160)])
    t.equal(await asks(fields(lines)), 200, 'in many lines')
    t.equal(await asks(fields([['x', 'y'.repeat(15_500)]])), 200, 'in one line')
    const [many, one] = gateway.upstream.received.splice(0)
    t.equal(many?.headers['x-89']?.length, 160)
    t.equal(one?.headers.x?.length, 15_500)
    t.equal(await asks(fields([['x', 'y'.repeat(16_350)]])), 431, 'a little more')
    t.equal(await asks(repeated(['x', 'y'.repeat(4000)], 3)), 200, 'four times 4 kB')
    gateway.upstream.received.length = 0
    t.equal(await asks(repeated(['x', 'y'.repeat(4000)], 4)), 431, 'five times 4 kB')
    for (const times of [20, 90]) {
      const outcome = await asks(repeated(['x', 'y'.repeat(4000)], times))
      t.ok([431, 'reset'].includes(outcome), `${times} references: ${outcome}`)
    }
    t.strictSame(gateway.upstream.received, [], 'no service sees them')
  })
}
