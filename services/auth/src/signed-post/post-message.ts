import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { type Attempt, failed } from '../outbox/delivery.ts'
import { PrivateAddress, type ReachableHosts, UnresolvableHost } from './reachable-hosts.ts'

type Post = {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** for all of the attempt: name, connection, TLS, request and response */
  readonly timeoutMs: number
  /** is aborted when the process closes */
  readonly stopping: AbortSignal
}

/** Nothing of the body is used. More than this is not read. */
const MOST_BODY_BYTES = 65_536
const MOST_HEADER_BYTES = 16_384
/** Responses of 1xx before the final one (RFC 9110 §15.2). None of them is used. */
const MOST_INFORMATION = 10

/**
 * Posts a message to an endpoint. A status of 2xx is a success, and redirects are not followed.
 * Never throws for what the endpoint does.
 */
export async function postMessage(hosts: ReachableHosts, post: Post): Promise<Attempt> {
  if (post.stopping.aborted) return { outcome: 'stopped' }
  // The settings may have changed since the endpoint was added.
  if (hosts.faultOf(post.url) !== null) return failed('private-address')
  const timeout = AbortSignal.timeout(post.timeoutMs)
  const signal = AbortSignal.any([timeout, post.stopping])
  try {
    const response = await responseTo(hosts, post, signal)
    await readToEnd(response)
    return judged(response)
  } catch (error) {
    if (post.stopping.aborted) return { outcome: 'stopped' }
    return failed(timeout.aborted ? 'timeout' : faultOf(error))
  }
}

function responseTo(
  hosts: ReachableHosts,
  { url, headers, body }: Post,
  signal: AbortSignal
): Promise<IncomingMessage> {
  const options: RequestOptions = {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    lookup: hosts.lookup,
    // A connection of its own: its address is checked for each attempt.
    agent: false,
    maxHeaderSize: MOST_HEADER_BYTES,
    signal
  }
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options)
    let informed = 0
    request.on('information', () => {
      informed += 1
      if (informed > MOST_INFORMATION) request.destroy(new Error('too many responses of 1xx'))
    })
    request.on('response', resolve)
    // The status of a response that switches protocols counts, and its connection is not used.
    request.on('upgrade', (response) => resolve(response.destroy()))
    // Also after the response: the connection may break while the body is read.
    request.on('error', reject)
    // A request can close without a response or an error. Its timeout then no longer applies.
    request.on('close', () => reject(new Error('the request closed without a response')))
    request.end(body)
  })
}

/** Lets a well-behaved endpoint finish. The status has decided, so no error changes the result. */
async function readToEnd(response: IncomingMessage): Promise<void> {
  let bytes = 0
  try {
    for await (const chunk of response) {
      bytes += (chunk as Buffer).length
      if (bytes > MOST_BODY_BYTES) break
    }
  } catch {
    // The connection broke, or the time is over.
  } finally {
    response.destroy()
  }
}

function judged({ statusCode: status = 0, headers }: IncomingMessage): Attempt {
  if (status >= 200 && status < 300) return { outcome: 'delivered', status }
  const fault = status >= 300 && status < 400 ? 'redirect' : 'status'
  const retryAfterMs = retryAfter(headers['retry-after'])
  return { outcome: 'failed', fault, status, retryAfterMs }
}

/** RFC 9110 §10.2.3, only as seconds: dates would compare two clocks. */
const retryAfter = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) * 1000 : null

/** Why an attempt had no response, as deliveries show it. */
const faults: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection-refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ETIMEDOUT: 'timeout',
  EPROTO: 'tls',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls',
  CERT_HAS_EXPIRED: 'tls'
}

function faultOf(error: unknown): string {
  if (error instanceof PrivateAddress) return 'private-address'
  if (error instanceof UnresolvableHost) return 'unresolvable'
  const { code = '' } = error as { code?: string }
  if (/^ERR_(TLS|SSL)_/.test(code)) return 'tls'
  return faults[code] ?? 'connection-lost'
}
