import { PROBLEM_MEDIA_TYPE, problemDocument } from '@gatehouse/problem/document'
import { oauthErrorDocument } from '@gatehouse/problem/oauth-error'
import type { Refusal } from '@gatehouse/problem/refusal'

/** How a refusal is written down for the client. */
export type ErrorForm = {
  readonly mediaType: string
  document(refusal: Refusal, requestId: string): object
}

/** RFC 9457: everywhere but where a protocol has a form of its own. */
export const problemForm: ErrorForm = { mediaType: PROBLEM_MEDIA_TYPE, document: problemDocument }

/** RFC 6749 §5.2: what OAuth clients read. */
export const oauthForm: ErrorForm = { mediaType: 'application/json', document: oauthErrorDocument }
