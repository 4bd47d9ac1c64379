import t from 'tap'
import { framePieces } from '../../src/websocket/frame-pieces.ts'
import { frame } from './fixtures/frames.ts'

const [WHOLE, FIRST, NEXT, LAST, PING] = [0x82, 0x02, 0x00, 0x80, 0x89]

t.test('a complete message does not count as unfinished', async (t) => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536, 100_000]) {
    t.equal(framePieces()(frame(WHOLE, length)), 0, `${length} bytes`)
  }
  const many = Buffer.concat([frame(WHOLE, 5), frame(WHOLE, 0), frame(FIRST, 3), frame(LAST, 200)])
  t.equal(framePieces()(many), 0)
})

t.test('the fragments of a message are pieces until its last one', async (t) => {
  const pieces = framePieces()
  t.equal(pieces(frame(FIRST, 1)), 1)
  t.equal(pieces(Buffer.concat([frame(NEXT, 1), frame(NEXT, 0)])), 3)
  t.equal(pieces(frame(PING, 4)), 3, 'a ping does not count')
  t.equal(pieces(frame(LAST, 1)), 0)
})

t.test('the chunks of a frame are pieces until the frame is complete', async (t) => {
  for (const length of [7, 300, 70_000]) {
    const whole = Buffer.concat([frame(FIRST, 1), frame(LAST, length)])
    const pieces = framePieces()
    const step = Math.ceil(whole.length / 50)
    let most = 0
    let last = 0
    for (let at = 0; at < whole.length; at += step) {
      last = pieces(whole.subarray(at, at + step))
      most = Math.max(most, last)
    }
    t.equal(last, 0, `${length} bytes: nothing is left at the end`)
    const chunks = Math.ceil(whole.length / step)
    t.ok(most > chunks / 2 && most <= chunks + 1, `${most} pieces of ${chunks} chunks`)
  }
})
