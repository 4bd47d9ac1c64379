import { Refusal } from '@gatehouse/problem/refusal'
import { notYet, upstreamTimeout, upstreamUnavailable } from '../../refusals.ts'
import { NoStreams, NotHttpTwo, StreamReset } from './http-two-faults.ts'
import { isUntrusted, tlsFault } from './tls-faults.ts'

/** What a service sent is not a valid response to a request. */
export class NotAResponse extends Error {
  override readonly name = 'NotAResponse'
}

/** RFC 9110 §15: a status is between 100 and 599. Informational ones are not final responses. */
export const isStatus = (status: number): boolean => status >= 200 && status <= 599

type Fault = Error & { readonly code?: string }

/** This machine, not the service, has no port, file or memory for one more connection. */
const SHORTAGE = ['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'] as const

/** No connection was made, so no byte of the request has left. */
const NEVER_SENT = new Set<string>([
  ...SHORTAGE,
  'ERR_NOT_HTTP_TWO',
  'ERR_NO_STREAMS',
  'ECONNREFUSED',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT'
])
/** The gateway itself has closed the connection, because it shuts down. */
const CLOSED_HERE = 'UND_ERR_DESTROYED'
const TOO_SLOW = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

/** The error codes of a connection that the other side has closed or that the network has cut. */
const BROKEN = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'UND_ERR_SOCKET'])

/** Whether the connection has died, rather than only the exchange on it. */
export const isBroken = (error: Error): boolean => BROKEN.has(codeOf(error))

/** Whether a fault counts as one of the address, rather than of the gateway or the request. */
export const isOfAddress = (error: Error): boolean =>
  !(error instanceof StreamReset) &&
  refusalOf(error).code === 'UPSTREAM_UNAVAILABLE' &&
  !isShortage(error)

export const isShortage = (error: Error): boolean =>
  (SHORTAGE as readonly string[]).includes(codeOf(error))

/** Whether a failed request cannot have reached a service, so that another address may be asked. */
export const wasNeverSent = (error: Error): boolean =>
  NEVER_SENT.has(codeOf(error)) || isUntrusted(codeOf(error))

/**
 * The refusal for the client: a fault of its own request, or an outage of the service or of this
 * gateway, which says nothing about the caller.
 */
export function refusalOf(error: Error): Refusal {
  if (error instanceof Refusal) return error
  if (error.cause instanceof Refusal) return error.cause
  const code = codeOf(error)
  if (code === CLOSED_HERE) return notYet('the gateway shuts down')
  return TOO_SLOW.has(code)
    ? upstreamTimeout(error)
    : upstreamUnavailable(error, reasonOf(error, code))
}

/** For the operator, in the log. */
function reasonOf(error: Error, code: string): string | undefined {
  if (error instanceof NotHttpTwo) {
    return 'the upstream did not begin HTTP/2: check its port, and the protocol of the upstream in the route table'
  }
  if (error instanceof NoStreams) {
    return 'the upstream accepts no request on a new connection (SETTINGS_MAX_CONCURRENT_STREAMS or GOAWAY)'
  }
  return error instanceof StreamReset ? error.message : (tlsFault(code) ?? undefined)
}

function codeOf(error: Fault): string {
  // If a name has several addresses, each with an error of its own, the last error is enough.
  const first = error instanceof AggregateError ? (error.errors.at(-1) as Fault) : error
  return first.code ?? error.code ?? ''
}
