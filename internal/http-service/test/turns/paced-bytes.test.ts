import { END_HEADERS, frame, kind, PREFACE } from '@gatehouse/fixtures/http-two-frames'
import t from 'tap'
import { fairTurns } from '../../src/turns/fair-turns.ts'
import { headerSections } from '../../src/turns/header-sections.ts'
import { bytePieces, PacedBytes } from '../../src/turns/paced-bytes.ts'

t.test('bytes arrive whole and in order, in pieces, and then the end', async (t) => {
  const got: Buffer[] = []
  let [isReady, hasEnded, again] = [true, false, 0]
  const pace = { turns: fairTurns(), client: 'a', division: bytePieces(10), mostHeldBytes: 100 }
  const paced = new PacedBytes(pace, {
    pass(piece) {
      if (piece === null) hasEnded = true
      else got.push(piece)
    },
    isReady: () => isReady,
    isFull: () => !isReady,
    readAgain() {
      again += 1
    }
  })
  const sent = Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 251))
  // TLS brings more, even after it was stopped.
  const answers = Array.from({ length: 1000 }, (_, at) =>
    paced.receive(sent.subarray(3 * at, 3 * at + 3))
  )
  t.strictSame([answers.at(0), answers.at(-1)], [true, false], 'too much waits')
  isReady = false
  const before = got.length
  t.ok(before <= 8, `${before} pieces in this turn`)
  await new Promise(setImmediate)
  t.equal(got.length, before, 'its reader is not ready')
  t.equal(again, 0)
  isReady = true
  paced.wake()
  paced.finish()
  let turns = 0
  for (; !hasEnded; turns += 1) await new Promise(setImmediate)
  t.ok(turns > 10, `${turns} turns`)
  t.strictSame(Buffer.concat(got), sent)
  t.ok(got.every(({ length }) => length <= 10))
})

t.test('reading continues when all held bytes have been passed on', async (t) => {
  let [again, bytes] = [0, 0]
  const pace = { turns: fairTurns(), client: 'a', division: bytePieces(10), mostHeldBytes: 0 }
  const paced = new PacedBytes(pace, {
    pass(piece) {
      bytes += piece?.length ?? 0
    },
    isReady: () => true,
    isFull: () => false,
    readAgain() {
      again += 1
    }
  })
  t.equal(paced.receive(Buffer.alloc(200)), false)
  while (bytes < 200) await new Promise(setImmediate)
  await new Promise(setImmediate)
  t.equal(again, 1)
})

t.test(
  'what waits for no turn is passed on at once, unless something waits before it',
  async (t) => {
    const got: string[] = []
    let isReady = true
    const paced = new PacedBytes(
      {
        turns: fairTurns(),
        client: 'a',
        // Digits cost nothing.
        division: {
          atOnce: (bytes) => /^\d*/.exec(bytes.toString())?.[0].length ?? 0,
          piece: () => 1
        },
        mostHeldBytes: 100
      },
      {
        pass: (piece) => got.push(String(piece)),
        isReady: () => isReady,
        isFull: () => !isReady,
        readAgain() {}
      }
    )
    t.ok(paced.receive(Buffer.from('1234')))
    t.strictSame(got, ['1234'])
    paced.receive(Buffer.from('5abcdefghij'))
    paced.receive(Buffer.from('67'))
    t.strictSame(got.join(''), '12345abcdefgh', 'eight pieces of a connection per turn')
    while (got.join('').length < 17) await new Promise(setImmediate)
    t.strictSame(got.join(''), '12345abcdefghij67')
    isReady = false
    t.notOk(paced.receive(Buffer.from('8')), 'its reader is not ready')
    t.equal(got.at(-1), '7')
  }
)

t.test(
  'what a connection brings is divided after each header section, wherever reads end',
  async (t) => {
    const head = (flags: number) => frame(kind.headers, flags, 1, Buffer.alloc(300))
    const [section, data] = [head(END_HEADERS), frame(kind.data, 0, 1, Buffer.alloc(70_000, 4))]
    const continued = [head(0), frame(kind.continuation, END_HEADERS, 1, Buffer.of(1))]
    const frames = [section, data, ...continued, section, frame(kind.settings, 0, 0), section]
    const sent = Buffer.concat([Buffer.from(PREFACE), ...frames])
    const ends = new Set<number>()
    let at = PREFACE.length
    for (const one of frames) {
      at += one.length
      if (one === section || one === continued[1]) ends.add(at)
    }
    for (const size of [1, 7, 9, 333, 16_384, sent.length]) {
      const partsOf = headerSections(PREFACE.length)
      const found = new Set<number>()
      let [passed, isSame] = [0, true]
      for (let from = 0; from < sent.length; from += size) {
        for (const { bytes, endsSection } of partsOf(sent.subarray(from, from + size))) {
          isSame &&= bytes.equals(sent.subarray(passed, passed + bytes.length))
          passed += bytes.length
          if (endsSection) found.add(passed)
        }
      }
      t.strictSame([passed, isSame], [sent.length, true])
      t.strictSame(found, ends, `reads of ${size}`)
    }
  }
)
