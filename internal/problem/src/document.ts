import { type ProblemCode, problems } from './codes.ts'
import type { Refusal } from './refusal.ts'

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

/** RFC 9457 problem details, with the members that clients of this API switch on. */
type ProblemDocument = {
  type: string
  title: string
  status: number
  code: ProblemCode
  detail?: string
  requestId: string
  retryable: boolean
}

export function problemDocument(refusal: Refusal, requestId: string): ProblemDocument {
  const { title, retryable } = problems[refusal.code]
  return {
    type: `urn:gatehouse:problem:${refusal.code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status: refusal.status,
    code: refusal.code,
    ...(refusal.detail === undefined ? {} : { detail: refusal.detail }),
    requestId,
    retryable,
    ...refusal.members
  }
}
