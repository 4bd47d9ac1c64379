import { problemDocument } from '@gatehouse/problem/document'
import { Refusal } from '@gatehouse/problem/refusal'
import t from 'tap'
import { type ProblemCode, problems } from '../src/codes.ts'

t.test('a problem document does not contain the reason', async (t) => {
  const refusal = new Refusal('INVALID_REQUEST', {
    status: 413,
    reason: 'FST_ERR_CTP_BODY_TOO_LARGE',
    detail: 'the body is too large',
    headers: { 'x-inner': 'yes' },
    cause: new Error('inner')
  })
  t.strictSame(problemDocument(refusal, 'request-1'), {
    type: 'urn:gatehouse:problem:invalid-request',
    title: 'The request is not valid',
    status: 413,
    code: 'INVALID_REQUEST',
    detail: 'the body is too large',
    requestId: 'request-1',
    retryable: false
  })
})

t.test('a document without a detail has no such member', async (t) => {
  const document = problemDocument(new Refusal('INTERNAL', { reason: 'a bug' }), 'request-2')
  t.notOk('detail' in document)
})

t.test('each code has a type of its own, a URI (RFC 9457 §3.1.1)', async (t) => {
  const types = Object.keys(problems).map((code) => {
    return problemDocument(new Refusal(code as ProblemCode, { reason: 'because' }), 'id').type
  })
  t.equal(new Set(types).size, types.length)
  for (const type of types) t.match(type, /^urn:gatehouse:problem:[a-z]+(-[a-z]+)*$/)
})
