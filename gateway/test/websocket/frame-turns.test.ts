import t from 'tap'
import { frameDivision } from '../../src/websocket/frame-turns.ts'
import { frame } from './fixtures/frames.ts'

const [WHOLE, FIRST, NEXT] = [0x82, 0x02, 0x00]
const KIB = 1024

t.test('frames without content wait for a turn, 512 at a time', async (t) => {
  const empty = frame(NEXT, 0)
  const division = frameDivision()
  const chunk = Buffer.concat([frame(FIRST, 0), ...Array.from({ length: 5000 }, () => empty)])
  const passed = division.atOnce(chunk)
  t.ok(passed <= 32 * empty.length, `${passed} of ${chunk.length} bytes do not wait`)
  t.equal(division.piece(chunk.subarray(passed)), 512 * empty.length)
})

t.test('large frames, and a single one, wait for no turn', async (t) => {
  const division = frameDivision()
  const large = Buffer.concat([frame(FIRST, 200 * KIB), frame(NEXT, 2 * KIB), frame(NEXT, 2 * KIB)])
  for (let at = 0; at < large.length; at += 64 * KIB) {
    const chunk = large.subarray(at, at + 64 * KIB)
    t.equal(division.atOnce(chunk), chunk.length)
  }
  for (const length of [0, 1, 100]) {
    const one = frame(WHOLE, length)
    t.equal(division.atOnce(one), one.length, `${length} bytes`)
  }
})

t.test('a piece ends where a frame ends, wherever the read before it ended', async (t) => {
  const frames = Array.from({ length: 2000 }, (_, index) => frame(NEXT, index % 200))
  const sent = Buffer.concat(frames)
  const ends = new Set<number>()
  let at = 0
  for (const { length } of frames) {
    at += length
    ends.add(at)
  }
  for (const read of [1, 2, 5, 6, 7, 100, 5000]) {
    const division = frameDivision()
    t.equal(division.piece(sent.subarray(0, read)), read)
    const end = read + division.piece(sent.subarray(read))
    t.ok(ends.has(end) && end < sent.length, `after ${read} bytes, it ends at ${end}`)
  }
})
