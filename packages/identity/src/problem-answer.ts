import { traceHeader } from '@gatehouse/edge-headers/names'
import { requestId } from '@gatehouse/edge-headers/request-id'
import { PROBLEM_MEDIA_TYPE, problemDocument } from '@gatehouse/problem/document'
import { Refusal } from '@gatehouse/problem/refusal'
import { type HeaderSource, readHeader } from './header-source.ts'

/** A response, for any framework. */
export type ProblemAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** problem details (RFC 9457) as JSON, with the members that the gateway's own errors have */
  readonly body: string
}

/**
 * The response to a request that was refused.
 * @param error what was thrown; any value other than a refusal is thrown again
 * @param headers those of the request, for its id
 */
export function problemAnswer(error: unknown, headers: HeaderSource): ProblemAnswer {
  if (!(error instanceof Refusal)) throw error
  const id = requestId({
    [traceHeader.requestId]: readHeader(headers, traceHeader.requestId) ?? undefined
  })
  return {
    status: error.status,
    headers: {
      ...error.headers,
      'content-type': PROBLEM_MEDIA_TYPE,
      'cache-control': 'no-store'
    },
    body: JSON.stringify(problemDocument(error, id))
  }
}
