import type { Answer } from '@gatehouse/fixtures/client'
import type { Test } from 'tap'

/** The one documented form (RFC 9457), whatever went wrong. */
export function isProblem(
  t: Test,
  answer: Answer,
  status: number,
  code: string,
  why: string
): void {
  t.equal(answer.status, status, `${why}: ${status}`)
  t.match(answer.headers.get('content-type'), /^application\/problem\+json/, `${why}: the type`)
  t.match(
    answer.body,
    {
      type: `urn:gatehouse:problem:${code.toLowerCase().replaceAll('_', '-')}`,
      title: String,
      status,
      code,
      requestId: /^[\w-]{8,}$/,
      retryable: Boolean
    },
    `${why}: the members`
  )
  const challenge = answer.headers.get('www-authenticate')
  if (status === 401) t.match(challenge, /^Bearer realm="gatehouse"/, `${why}: the challenge`)
  t.notMatch(answer.text, 'correct horse battery', `${why}: no value of the request`)
}
