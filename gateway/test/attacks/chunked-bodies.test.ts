import t from 'tap'
import { edge } from '../fixtures/edge.ts'
import { areRefused, inChunks } from './fixtures/smuggled.ts'

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
