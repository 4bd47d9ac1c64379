import { END_HEADERS, END_STREAM, fields, frame, kind } from '@gatehouse/fixtures/http-two-frames'
import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { sendBytes } from '../../fixtures/raw-client.ts'
import { edgeOverTls, outcomeOf } from '../fixtures/raw-http-two.ts'
import { areRefused, inChunks } from '../fixtures/smuggled.ts'

const sizes = [
  '0x5',
  '5 ',
  ' 5',
  '\t5',
  '5\t',
  '+5',
  '-5',
  '5_0',
  '5,',
  '5.0',
  'g',
  '',
  'fffffffffffffffff',
  '\n5',
  '5\n',
  '5\0',
  '10000000000000005'
]

const broken = {
  'chunks that end in LF': inChunks('5\nhello\n0\n\n'),
  'a chunk that ends in LF': inChunks('5\r\nhello\n0\r\n\r\n'),
  'a chunk longer than it says': inChunks('5\r\nhello!!0\r\n\r\n'),
  'no end after the last chunk': inChunks('0\r\nX'),
  'an extension that ends in LF': inChunks('5;a\nhello\r\n0\r\n\r\n'),
  'an extension with CR': inChunks('5;a\rb\r\nhello\r\n0\r\n\r\n'),
  'a quoted line end in an extension': inChunks('5;a="\r\nhello"\r\n0\r\n\r\n'),
  'a trailer that is none': inChunks('0\r\nno trailer\r\n\r\n'),
  'a length as a trailer': inChunks('0\r\nContent-Length: 57\r\n\r\n')
}

t.test('a malformed chunk size is refused', async (t) => {
  const cases = sizes.map((size) => [size, inChunks(`${size}\r\nhello\r\n0\r\n\r\n`)])
  await areRefused(t, await edge(t), Object.fromEntries(cases))
})

t.test('malformed chunks are refused', async (t) => {
  await areRefused(t, await edge(t), broken)
})

t.test('a service that has begun to read a broken body never gets a whole one', async (t) => {
  const gateway = await edge(t)
  const whole: boolean[] = []
  gateway.upstream.answer = (request, response) => {
    whole.push(request.complete)
    response.end()
  }
  await areRefused(t, gateway, { broken: inChunks('5\r\nhello\r\nzz\r\n') })
  t.notOk(whole.includes(true))
})

const BYTES = 10_000

/** The body of a chunked response without line breaks: its lines are sizes and chunks in turn. */
function withoutChunkSizes(response: string): string {
  const lines = response.slice(response.indexOf('\r\n\r\n') + 4).split('\r\n')
  return lines.filter((_, at) => at % 2 === 1).join('')
}

t.test('chunks of one byte are passed on as large ones, in both directions', async (t) => {
  const gateway = await edge(t)
  let asked = 0
  gateway.upstream.answer = ({ socket }, response) => {
    asked = socket.bytesRead
    for (let at = 0; at < BYTES; at += 1) response.write('a')
    response.end()
  }
  const head =
    'POST /open HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n'
  const answer = await sendBytes(gateway.port, `${head}${'1\r\na\r\n'.repeat(BYTES)}0\r\n\r\n`)
  t.equal(gateway.upstream.received[0]?.body, 'a'.repeat(BYTES))
  t.ok(asked > BYTES && asked < 2 * BYTES, `the service read ${asked} bytes`)
  t.equal(withoutChunkSizes(answer), 'a'.repeat(BYTES))
  t.ok(answer.length < 2 * BYTES, `the client read ${answer.length} bytes`)
})

t.test('DATA frames of one byte are passed on as large chunks', async (t) => {
  const gateway = await edgeOverTls(t)
  let asked = 0
  gateway.upstream.answer = ({ socket }, response) => {
    asked = socket.bytesRead
    response.end()
  }
  const post = fields([
    [':method', 'POST'],
    [':scheme', 'https'],
    [':path', '/open'],
    [':authority', 'gateway.example']
  ])
  const byte = frame(kind.data, 0, 1, Buffer.from('a'))
  const bytes = [
    frame(kind.headers, END_HEADERS, 1, post),
    ...Array.from({ length: BYTES }, () => byte),
    frame(kind.data, END_STREAM, 1, Buffer.alloc(0))
  ]
  t.equal(await outcomeOf(t, gateway, Buffer.concat(bytes)), 200)
  t.equal(gateway.upstream.received[0]?.body, 'a'.repeat(BYTES))
  t.ok(asked > BYTES && asked < 2 * BYTES, `the service read ${asked} bytes`)
})
