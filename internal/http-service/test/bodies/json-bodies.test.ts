import t from 'tap'
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
  t.match(answer.body.detail, 'additional properties')
})

t.test('a value of another type is refused, not converted', async (t) => {
  const answer = await post('/notes', '{"text":7}')
  t.match(answer, { status: 400, body: { detail: 'body/text must be string' } })
})

t.test('the invalid member is named, and its value is never repeated', async (t) => {
  const answer = await post('/notes', '{"text":"hunter2-hunter2"}')
  t.match(answer, { status: 400, body: { detail: /^body\/text must NOT have more than 8/ } })
  t.notMatch(JSON.stringify(answer), 'hunter2')
  t.notMatch(JSON.stringify(await post('/notes', '{"text":"hunter2"')), 'hunter2', 'broken JSON')
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

t.test('bytes that are not UTF-8 are refused (RFC 8259 §8.1)', async (t) => {
  const answer = await post('/anything', Buffer.from([0x22, 0xff, 0x22]))
  t.match(answer, { status: 400, body: { detail: 'the body must be JSON in UTF-8' } })
  t.strictSame((await post('/anything', '"é"')).body, { body: 'é' })
})

t.test('a body over the limit is 413, one of another type 415', async (t) => {
  t.match(await post('/anything', `"${'x'.repeat(127)}"`), {
    status: 413,
    body: { code: 'INVALID_REQUEST' }
  })
  t.match(await post('/anything', 'hello', { 'content-type': 'text/plain' }), {
    status: 415,
    body: { code: 'INVALID_REQUEST' }
  })
})
