import { knownNames } from '@gatehouse/edge-headers/known-names'
import { foldedName, isIdentityName, traceHeader } from '@gatehouse/edge-headers/names'
import { isBelieved } from './believed-headers.ts'
import { AT_MOST_ONCE } from './received-headers.ts'

/**
 * Headers of one connection, not of the request (RFC 9110 §7.6.1), and `expect`, which the server
 * has already met.
 */
const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade'
])

/**
 * Headers that the gateway interprets: a service must not get another value under another spelling
 * of the name.
 */
const READ_HERE = new Set<string>([...AT_MOST_ONCE, ...Object.values(traceHeader)])

/** They are forwarded separately, if at all. */
const APART = new Set(['authorization', 'cookie'])

/**
 * Whether a header of a client does not reach the service as it is, in any spelling that a service
 * might read as the same name.
 */
export const endsHere = knownNames((name) => {
  const folded = foldedName(name)
  return (
    APART.has(name) ||
    isIdentityName(name) ||
    HOP_BY_HOP.has(folded) ||
    folded === 'host' ||
    isBelieved(folded) ||
    (folded !== name && READ_HERE.has(folded))
  )
})

/**
 * Whether a client's trailer with this lower-case name is forwarded: fewer names than in the
 * headers, because everything that the gateway reads in a header comes before the body.
 */
export const isForwardedTrailer = (name: string): boolean => !endsHere(name) && !READ_HERE.has(name)
