import { PassThrough, Readable } from 'node:stream'
import t from 'tap'
import { isReadWhole, wholeBody } from '../../../src/forwarding/request/whole-body.ts'

t.test('a small body is forwarded when it is complete', async (t) => {
  const source = new PassThrough()
  let handed = false
  const reading = wholeBody(source, 10).then((body) => {
    handed = true
    return body.bytes.toString()
  })
  source.write('12345')
  await new Promise((resolve) => setImmediate(resolve))
  t.notOk(handed, 'not before')
  source.end('67890')
  t.equal(await reading, '1234567890')
  t.equal((await wholeBody(Readable.from([]), 10)).bytes.length, 0, 'an empty one too')
})

t.test('a body that is too large, late or broken off is not forwarded', async (t) => {
  const large = wholeBody(Readable.from([Buffer.alloc(11)]), 10)
  await t.rejects(large, { code: 'INVALID_REQUEST', status: 413 })
  const late = wholeBody(new PassThrough(), 10, 1)
  await t.rejects(late, { code: 'INVALID_REQUEST', status: 400, headers: { connection: 'close' } })
  const source = new PassThrough()
  setImmediate(() => source.destroy())
  await t.rejects(wholeBody(source, 10))
})

t.test('only small bodies are held in memory', async (t) => {
  t.ok(isReadWhole(0) && isReadWhole(65_536))
  t.notOk(isReadWhole(65_537))
})
