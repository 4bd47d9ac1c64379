import t from 'tap'
import { type ProblemCode, problems } from '../src/codes.ts'

/** The codes that clients rely on. A changed line here is a breaking change. */
const promised: Record<ProblemCode, number[]> = {
  INVALID_REQUEST: [400, 413, 414, 415, 431],
  UNAUTHENTICATED: [401],
  FACTOR_REQUIRED: [401],
  TOKEN_EXPIRED: [401],
  TOKEN_STALE: [401],
  SESSION_ENDED: [401],
  FORBIDDEN: [403],
  NOT_FOUND: [404],
  METHOD_NOT_ALLOWED: [405],
  CONFLICT: [409],
  RATE_LIMITED: [429],
  INTERNAL: [500],
  UPSTREAM_UNAVAILABLE: [502],
  UNAVAILABLE: [503],
  UPSTREAM_TIMEOUT: [504]
}

t.test('the codes and their statuses are exactly the documented ones', async (t) => {
  const statuses = Object.fromEntries(
    Object.entries(problems).map(([code, kind]) => [code, [...kind.statuses]])
  )
  t.strictSame(statuses, promised)
})

t.test('only errors that time alone can fix are retryable', async (t) => {
  const retryable = Object.entries(problems).filter(([, kind]) => kind.retryable)
  t.strictSame(
    retryable.map(([code]) => code),
    ['RATE_LIMITED', 'UPSTREAM_UNAVAILABLE', 'UNAVAILABLE', 'UPSTREAM_TIMEOUT']
  )
})

t.test('each code has its own title', async (t) => {
  const titles = Object.values(problems).map(({ title }) => title)
  t.equal(new Set(titles).size, titles.length)
})
