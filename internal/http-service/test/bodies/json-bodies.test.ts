import t from 'tap'
import { exchange } from '../fixtures/exchange.ts'
import { smallService } from '../fixtures/small-service.ts'

const json = { 'content-type': 'application/json' }

async function post(url: string, payload: string | Buffer, headers: Record<string, string> = json) {
  const answer = await smallService().inject({ method: 'POST', url, payload, headers })
  return { status: answer.statusCode, body: answer.json() }
}

t.test('a member that the schema does not name is refused, not dropped', async (t) => {
  t.match(await post('/notes', '{"text":"hello"}'), { status: 200, body: { text: 'hello' } })
  const answer = await post('/notes', '{"text":"hello","role":"admin"}')
  t.match(answer, { status: 400, body: { code: 'INVALID_REQUEST' } })
  t.match(answer.body.detail, 'no other members')
})

t.test('a value of another type is refused, not converted', async (t) => {
  const answer = await post('/notes', '{"text":7}')
  t.match(answer, { status: 400, body: { detail: 'body/text must be string' } })
})

t.test('the invalid member is named, and its value is never repeated', async (t) => {
  const answer = await post('/notes', '{"text":"hunter2-hunter2"}')
  t.match(answer, { status: 400, body: { detail: 'body/text must have at most 8 characters' } })
  t.notMatch(JSON.stringify(answer), 'hunter2')
  t.notMatch(JSON.stringify(await post('/notes', '{"text":"hunter2"')), 'hunter2', 'broken JSON')
})

t.test('a violated schema rule is described in words, without its pattern', async (t) => {
  const service = smallService()
  const code = { type: 'string', minLength: 1, pattern: '^[0-9]{6}$' }
  const properties = { code, kind: { enum: ['body', 'cookie'] } }
  const schema = { body: { type: 'object', properties } }
  service.post('/codes', { schema }, async () => ({}))
  const faultOf = async (payload: object) =>
    (await service.inject({ method: 'POST', url: '/codes', payload })).json().detail
  t.equal(await faultOf({ code: 'secret' }), 'body/code must have the documented form')
  t.equal(await faultOf({ code: '' }), 'body/code must not be empty')
  t.equal(await faultOf({ kind: 'secret' }), 'body/kind must be one of: body, cookie')
})

t.test('a body that reaches for the prototype is refused (CWE-1321)', async (t) => {
  const bodies = [
    '{"__proto__":{"admin":true}}',
    '{"a":[{"__proto__":null}]}',
    '{"\\u005f_proto__":{"admin":true}}',
    '{"constructor":{"prototype":{"admin":true}}}'
  ]
  for (const body of bodies) {
    t.match(await post('/anything', body), { status: 400, body: { code: 'INVALID_REQUEST' } }, body)
  }
  t.notOk('admin' in {}, 'and nothing has one now')
})

t.test('an empty body counts as absent', async (t) => {
  t.strictSame(await post('/anything', ''), { status: 200, body: { body: null } })
})

t.test('a request with a content type and without a length has no body', async (t) => {
  const head = 'host: a\r\ncontent-type: application/json\r\n'
  const received = await exchange(
    t,
    `POST /anything HTTP/1.1\r\n${head}\r\n` +
      `PUT /notes/7 HTTP/1.1\r\n${head}expect: 100-continue\r\n\r\n` +
      `POST /anything HTTP/1.0\r\n${head}\r\n`
  )
  t.equal(received.match(/HTTP\/1\.1 200 OK\r\n/g)?.length, 3, received)
  t.equal(received.match(/\{"body":null\}/g)?.length, 2, received)
})

t.test('bytes that are not UTF-8 are refused (RFC 8259 §8.1)', async (t) => {
  const answer = await post('/anything', Buffer.from([0x22, 0xff, 0x22]))
  t.match(answer, { status: 400, body: { detail: 'the body must be JSON in UTF-8' } })
  t.strictSame((await post('/anything', '"é"')).body, { body: 'é' })
})

t.test('a body over the limit gets 413, and one of another type gets 415', async (t) => {
  t.match(await post('/anything', `"${'x'.repeat(127)}"`), {
    status: 413,
    body: { code: 'INVALID_REQUEST' }
  })
  t.match(await post('/anything', 'hello', { 'content-type': 'text/plain' }), {
    status: 415,
    body: { code: 'INVALID_REQUEST' }
  })
})

t.test('a body with a content coding is not read as it is, but refused', async (t) => {
  for (const coding of ['gzip', 'br', 'gzip, identity', 'unknown']) {
    t.match(await post('/anything', '1', { ...json, 'content-encoding': coding }), {
      status: 415,
      body: { detail: 'the body must not have a Content-Encoding' }
    })
  }
  t.match(await post('/anything', '1', { ...json, 'content-encoding': 'Identity' }), {
    status: 200,
    body: { body: 1 }
  })
})
