import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2'
import { bytesField } from '../../../grpc/protobuf.ts'
import type { Health } from '../../../routes/upstream/upstream-health.ts'
import type { Endpoint } from '../endpoint.ts'
import { requestHead } from './exchanges/request-head.ts'
import { openSession, type Session } from './sessions/session.ts'

type Checked = { readonly headers: IncomingHttpHeaders; readonly content: Buffer }

/** Larger than any response to a check; bytes beyond this are not read. */
const MOST_BYTES = 64 * 1024

/**
 * Checks a service over HTTP/2 on a connection of its own: it is healthy if it answers a GET with
 * 2xx, or the check of gRPC with SERVING
 * (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).
 * @throws Error if it does not answer
 */
export async function isHealthyOverHttpTwo(
  { address, tls }: Endpoint,
  { path, grpcService, timeoutSeconds }: Health
): Promise<boolean> {
  const timeoutMs = timeoutSeconds * 1000
  // For the whole check: a service that keeps sending never ends it otherwise.
  const deadline = AbortSignal.timeout(timeoutMs)
  const session = await openedFor({ address, tls }, timeoutMs)
  const { http } = session
  try {
    const call = grpcService === null ? null : checkOf(grpcService)
    const { headers, content } = await responseOf(http, address, path, call, deadline)
    const status = Number(headers[':status'])
    if (call === null) return status >= 200 && status < 300
    return status === 200 && headers['grpc-status'] === '0' && content.equals(SERVING)
  } finally {
    session.destroy()
  }
}

const CHECK_PATH = '/grpc.health.v1.Health/Check'

/** A gRPC message with its prefix: not compressed, and its length. */
function message(content: Buffer): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(content.length, 1)
  return Buffer.concat([prefix, content])
}

/** HealthCheckRequest: the name of the service in field 1, which an empty name does not need. */
const checkOf = (service: string): Buffer =>
  message(service === '' ? Buffer.alloc(0) : bytesField(1, service))

/** HealthCheckResponse: the status SERVING, 1, in field 1. */
const SERVING = message(Buffer.of(0x08, 0x01))

function openedFor({ address, tls }: Endpoint, connectMs: number): Promise<Session> {
  return new Promise((resolve, reject) => {
    const session = openSession(
      {
        origin: address,
        tls,
        connectMs,
        idleMs: connectMs,
        monotonicClock: () => performance.now(),
        noteFault() {},
        onCapacity() {},
        onClosed() {}
      },
      (error) => (error === null ? resolve(session) : reject(error))
    )
  })
}

/** @param call a gRPC call; null: a GET of the path */
function responseOf(
  http: ClientHttp2Session,
  address: string,
  path: string,
  call: Buffer | null,
  deadline: AbortSignal
): Promise<Checked> {
  const head =
    call === null
      ? requestHead(address, { method: 'GET', path, headers: {} })
      : requestHead(address, {
          method: 'POST',
          path: CHECK_PATH,
          headers: { 'content-type': 'application/grpc', te: 'trailers' }
        })
  return new Promise((resolve, reject) => {
    const stream = http.request(head, { endStream: call === null, signal: deadline })
    const chunks: Buffer[] = []
    let headers: IncomingHttpHeaders = {}
    let bytes = 0
    stream.on('response', (those) => Object.assign(headers, those))
    stream.on('trailers', (those) => {
      headers = { ...those, ...headers }
    })
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= MOST_BYTES) chunks.push(chunk)
      else stream.destroy()
    })
    stream.once('end', () => resolve({ headers, content: Buffer.concat(chunks) }))
    stream.once('error', reject)
    stream.once('close', () => reject(new Error('the stream has closed')))
    if (call !== null) stream.end(call)
  })
}
