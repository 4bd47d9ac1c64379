import { traceHeader } from '@gatehouse/edge-headers/names'
import { pathOfTarget } from '@gatehouse/http-service/path-of-target'
import { words } from '@gatehouse/settings/words'
import { readTraceparent } from '@gatehouse/tracing/trace-context'
import type { DestinationStream } from 'pino'
import { methodOf, type Served } from './served.ts'
import type { Trail } from './trail.ts'

type AccessLogOptions = {
  readonly destination: DestinationStream
  /** by class of status, the share of requests that is written, from 0 to 1; 1 if not named */
  readonly samples: Samples
  /** a random number from 0 to 1 */
  readonly random?: () => number
}

/** Classes of status, and `none` for a request whose client left before it was answered. */
export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx', 'none'] as const
type StatusClass = (typeof statusClasses)[number]
export type Samples = Readonly<Partial<Record<StatusClass, number>>>

export const statusClassOf = (status: number | null): StatusClass =>
  status === null ? 'none' : (`${Math.floor(status / 100)}xx` as StatusClass)

/** Reads a list such as `2xx=0.1 none=0`; null if it has another form. */
export function readSamples(text: string): Samples | null {
  const samples: Partial<Record<StatusClass, number>> = {}
  for (const word of words(text)) {
    const [name, share = '', ...more] = word.split('=')
    const known = statusClasses.find((one) => one === name)
    const isShare = /^(0(\.\d{1,6})?|1(\.0{1,6})?)$/.test(share)
    if (known === undefined || more.length > 0 || !isShare) return null
    samples[known] = Number(share)
  }
  return samples
}

const LONGEST_PATH = 1024

/**
 * Writes a line of JSON when a request ends. The members have OpenTelemetry's names for the
 * attributes of HTTP servers, where such names exist
 * (https://opentelemetry.io/docs/specs/semconv/http/). A line never contains a token, a cookie, a
 * query or a body.
 */
export function accessLog(options: AccessLogOptions): (served: Served) => void {
  const { destination, samples, random = Math.random } = options
  return (served) => {
    const { trail, status } = served
    const share = trail.route?.accessLog ?? samples[statusClassOf(status)] ?? 1
    if (share < 1 && random() >= share) return
    destination.write(lineOf(served, share))
  }
}

/** the first members of each log line of the gateway, with the level info */
const beginning = () => `{"level":30,"time":${Date.now()},"name":"gateway"`

/**
 * The line of a request. It is put together here, because an object and its serializer would cost
 * several times as much.
 */
function lineOf({ request, trail, ...served }: Served, share: number): string {
  const { identity } = trail.token ?? {}
  const { namedCaller: caller } = trail
  const path = pathOfTarget(trail.described?.target ?? trail.target).slice(0, LONGEST_PATH)
  const isAnswered = trail.answeredMs > 0
  const upstreamSeconds = isAnswered
    ? rounded((trail.answeredMs - trail.askedMs) / 1000)
    : undefined
  let line = beginning()
  line += member('request_id', request.id)
  line += member('trace_id', traceIdOf(request, trail))
  line += member('http.request.method', methodOf({ request, trail }))
  line += member('http.route', trail.route?.name)
  line += member('url.path', path)
  line += member('http.response.status_code', served.status ?? undefined)
  line += member('rpc.grpc.status_code', trail.grpcStatus ?? undefined)
  line += member('http.response.body.size', served.bytes)
  line += member('http.server.request.duration', rounded(served.seconds))
  line += member('upstream.address', trail.upstream ?? undefined)
  line += member('upstream.duration', upstreamSeconds)
  line += member('user.id', identity?.subject ?? caller?.subject)
  line += member('session.id', identity?.session ?? caller?.session)
  line += member('client.id', identity?.client ?? caller?.client)
  line += member('issuer', trail.token?.issuerName ?? undefined)
  line += member('client.address', trail.address ?? request.ip)
  line += member('network.peer.address', trail.isVerification ? request.ip : undefined)
  line += member('network.protocol.version', request.raw.httpVersion)
  line += member('error.type', served.code ?? (served.isWhole ? undefined : 'broken_off'))
  line += member('reason', served.reason ?? undefined)
  line += member('sample_rate', share < 1 ? share : undefined)
  return `${line},"msg":"${trail.isVerification ? 'verification' : 'request'}"}\n`
}

/** A text that JSON writes as it is. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** A member of the line; nothing if it has no value. */
function member(name: string, value: string | number | undefined): string {
  if (value === undefined) return ''
  const isPlain = typeof value === 'string' && PLAIN.test(value)
  return `,"${name}":${isPlain ? `"${value}"` : JSON.stringify(value)}`
}

/** The trace that the service gets or, if the request was refused before, the client's trace. */
function traceIdOf({ headers }: Served['request'], { traceparent }: Trail): string | undefined {
  const given = traceparent ?? headers[traceHeader.traceparent]
  return typeof given === 'string' ? readTraceparent(given)?.traceId : undefined
}

/** Rounded to microseconds. */
const rounded = (seconds: number): number => Math.round(seconds * 1e6) / 1e6
