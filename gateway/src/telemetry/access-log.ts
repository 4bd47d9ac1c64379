import { traceHeader } from '@gatehouse/edge-headers/names'
import { pathOfTarget } from '@gatehouse/http-service/path-of-target'
import { words } from '@gatehouse/settings/fragments'
import { readTraceparent } from '@gatehouse/tracing/trace-context'
import type { DestinationStream } from 'pino'
import { pino } from 'pino'
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
  const log = pino({ base: { name: 'gateway' } }, destination)
  return (served) => {
    const { trail, status } = served
    const share = trail.route?.accessLog ?? samples[statusClassOf(status)] ?? 1
    if (share < 1 && random() >= share) return
    log.info(lineOf(served, share), trail.isVerification ? 'verification' : 'request')
  }
}

/** Undefined members are not written. */
function lineOf({ request, trail, ...served }: Served, share: number) {
  const { identity } = trail.token ?? {}
  const { caller } = trail
  return {
    request_id: request.id,
    trace_id: traceIdOf(request, trail),
    'http.request.method': methodOf({ request, trail }),
    'http.route': trail.route?.name,
    'url.path': pathOfTarget(trail.described?.target ?? trail.target).slice(0, LONGEST_PATH),
    'http.response.status_code': served.status ?? undefined,
    'http.response.body.size': served.bytes,
    'http.server.request.duration': rounded(served.seconds),
    'upstream.address': trail.upstream ?? undefined,
    'upstream.duration':
      trail.answeredMs > 0 ? rounded((trail.answeredMs - trail.askedMs) / 1000) : undefined,
    'user.id': identity?.subject ?? caller?.subject,
    'session.id': identity?.session ?? caller?.session,
    'client.id': identity?.client ?? caller?.client,
    issuer: trail.token?.issuerName ?? undefined,
    'client.address': trail.address ?? request.ip,
    'network.peer.address': trail.isVerification ? request.ip : undefined,
    'network.protocol.version': request.raw.httpVersion,
    'error.type': served.code ?? (served.isWhole ? undefined : 'broken_off'),
    reason: served.reason ?? undefined,
    sample_rate: share < 1 ? share : undefined
  }
}

/** The trace that the service gets or, if the request was refused before, the client's trace. */
function traceIdOf({ headers }: Served['request'], { traceparent }: Trail): string | undefined {
  const given = traceparent ?? headers[traceHeader.traceparent]
  return typeof given === 'string' ? readTraceparent(given)?.traceId : undefined
}

/** Rounded to microseconds. */
const rounded = (seconds: number): number => Math.round(seconds * 1e6) / 1e6
