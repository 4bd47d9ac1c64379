import { PROBLEM_MEDIA_TYPE, problemDocument } from '@gatehouse/problem/document'
import { oauthErrorDocument } from '@gatehouse/problem/oauth-error'
import type { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyReply } from 'fastify'

/** How a refusal is written for the client. */
export type ErrorForm = {
  readonly mediaType: string
  document(refusal: Refusal, requestId: string): object
  /** writes the whole response, for a protocol whose errors have no document */
  write?(refusal: Refusal, reply: FastifyReply): void
}

/** RFC 9457: everywhere, except where a protocol has its own form. */
export const problemForm: ErrorForm = { mediaType: PROBLEM_MEDIA_TYPE, document: problemDocument }

/** RFC 6749 §5.2: the form that OAuth clients expect. */
export const oauthForm: ErrorForm = { mediaType: 'application/json', document: oauthErrorDocument }
