import { validateHeaderName, validateHeaderValue } from 'node:http'
import { withoutOuterWhitespace } from '@gatehouse/edge-headers/optional-whitespace'
import { isDropped, MOST_LINES, type ResponseHeaders } from './passed-headers.ts'

/**
 * RFC 9110 §6.5.1: a trailer must not change the framing, the routing or the identity of the
 * caller.
 */
const NEVER_TRAILERS = new Set([
  'authorization',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'host',
  'location',
  'set-cookie',
  'www-authenticate'
])

/** Whether a trailer with this lower-case name is passed on. */
export const mayBeTrailer = (name: string): boolean => !NEVER_TRAILERS.has(name) && !isDropped(name)

/**
 * The trailers of a service's response that the client gets; null if there are none, or too many. A
 * trailer that cannot be written is dropped, because the response is complete without it. Node.js
 * writes HTTP/2 trailers in its own callback, so an error there would end the process. Pure.
 */
export function passedTrailers(received: ResponseHeaders): Record<string, string> | null {
  let passed: Record<string, string> | null = null
  if (Object.keys(received).length > MOST_LINES) return null
  for (const name in received) {
    const value = received[name]
    if (value === undefined || !mayBeTrailer(name)) continue
    const joined = withoutOuterWhitespace(typeof value === 'string' ? value : value.join(', '))
    if (!isWritable(name, joined)) continue
    passed ??= {}
    passed[name] = joined
  }
  return passed
}

function isWritable(name: string, value: string): boolean {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return true
  } catch {
    return false
  }
}
