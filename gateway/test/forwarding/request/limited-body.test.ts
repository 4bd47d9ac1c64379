import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import t from 'tap'
import { limitedBody } from '../../../src/forwarding/request/limited-body.ts'

const chunks = (...parts: string[]) => Readable.from(parts.map((part) => Buffer.from(part)))

t.test('a body within the limit passes unchanged', async (t) => {
  t.equal(await text(limitedBody(chunks('12345', '', '67890'), 10)), '1234567890')
  t.equal(await text(limitedBody(chunks(), 0)), '')
})

t.test('a body over the limit is cut, and its request is refused', async (t) => {
  for (const parts of [['12345678901'], ['1234567890', '1'], [...'12345678901']]) {
    const tooLarge = { name: 'Refusal', code: 'INVALID_REQUEST', status: 413 }
    await t.rejects(buffer(limitedBody(chunks(...parts), 10)), tooLarge, `${parts.length} parts`)
  }
})

t.test(
  'the rest of a refused body is discarded, so that the connection can continue',
  async (t) => {
    const source = new PassThrough()
    const body = limitedBody(source, 10)
    const failed = buffer(body).catch((error) => error.status)
    source.write('12345678901')
    t.equal(await failed, 413)
    source.end(Buffer.alloc(1024 * 1024))
    await new Promise((resolve) => source.once('close', resolve))
    t.ok(source.readableEnded, 'to its end')
  }
)

t.test('a client that disconnects ends the body', async (t) => {
  for (const breakOff of [
    (source: PassThrough) => source.destroy(),
    (source: PassThrough) => source.destroy(new Error('reset'))
  ]) {
    const source = new PassThrough()
    const read = buffer(limitedBody(source, 10))
    source.write('1234')
    setImmediate(breakOff, source)
    await t.rejects(read, 'half a body is an error')
  }
  const gone = new PassThrough()
  gone.destroy()
  await once(gone, 'close')
  await t.rejects(buffer(limitedBody(gone, 10)), 'nor is that of a client that has left before')
})
