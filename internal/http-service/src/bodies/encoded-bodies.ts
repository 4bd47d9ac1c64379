import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '@gatehouse/problem/refusal'

/**
 * Refuses a body with a content coding (RFC 9110 §8.4). Read as it is, it would mean something else
 * here than to a filter in front that decodes it.
 * @throws Refusal INVALID_REQUEST
 */
export function refuseEncoded(headers: IncomingHttpHeaders): void {
  const coding = headers['content-encoding']
  if (coding === undefined || coding.toLowerCase() === 'identity') return
  throw new Refusal('INVALID_REQUEST', {
    status: 415,
    reason: 'the body has a content coding',
    detail: 'the body must not have a Content-Encoding'
  })
}
