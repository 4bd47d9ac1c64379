import type { IncomingMessage } from 'node:http'
import { isForwardedTrailer } from '../../request-headers/ended-headers.ts'
import { MAX_HEADER_LINES } from '../../request-headers/received-headers.ts'
import type { ResponseHeaders } from '../headers/passed-headers.ts'
import { passedTrailers } from '../headers/passed-trailers.ts'

/** As much as the headers of a request may have. */
const MOST_BYTES = 16 * 1024

/**
 * The trailers of a request that its service gets; null if there are none, or too many. Trailers
 * are optional to pass on (RFC 9110 §6.5.1), and services reset a request with more than they read:
 * those in Node.js with more than 128 lines. What a client may not say in a header, it may not say
 * in a trailer either.
 */
export function requestTrailers({ trailers }: Pick<IncomingMessage, 'trailers'>) {
  const own: ResponseHeaders = {}
  let lines = 0
  let bytes = 0
  for (const name in trailers) {
    const value = trailers[name]
    if (value === undefined || name.startsWith(':') || !isForwardedTrailer(name)) continue
    own[name] = value
    lines += 1
    bytes += name.length + value.length
  }
  return lines > MAX_HEADER_LINES || bytes > MOST_BYTES ? null : passedTrailers(own)
}
