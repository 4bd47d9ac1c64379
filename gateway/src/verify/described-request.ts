import type { IncomingMessage } from 'node:http'
import { foldedName, forwardedHeader } from '@gatehouse/edge-headers/names'
import { isHost, isSameHost } from '../paths/host.ts'
import { type ArrivedHop, arrivedHop, portOf, protocolNamed } from '../proxies/arrived-hop.ts'
import { proxyReports } from '../proxies/proxy-reports.ts'
import type { ProxySettings } from '../proxies/proxy-settings.ts'
import { malformed, noRoute, untrustedProxy } from '../refusals.ts'
import type { RequestHead } from '../request/request-head.ts'

/**
 * The path of subrequests. Below it, the rest of the path is that of the request that the proxy
 * asks about.
 */
const VERIFY_PATH = '/verify'

/** The request that a proxy asks about. */
type DescribedRequest = {
  readonly head: RequestHead
  /** its client and the origin that it named, as the proxy reports them */
  readonly hop: ArrivedHop
  /** the identity header that the proxy itself adds to its subrequests; null: none */
  readonly added: string | null
}

/** ingress-nginx adds it to its subrequests, which it alone describes with a whole URL. */
const ADDED_BY_INGRESS_NGINX = 'x-auth-request-redirect'

const original = {
  method: 'x-original-method',
  url: 'x-original-url',
  uri: 'x-original-uri',
  host: 'x-original-host'
} as const
const forwarded = {
  method: 'x-forwarded-method',
  uri: 'x-forwarded-uri',
  host: forwardedHeader.host
} as const

/** The headers that describe a request. Each may occur once, and in this spelling only. */
const describing: ReadonlySet<string> = new Set([
  ...Object.values(original),
  ...Object.values(forwarded),
  forwardedHeader.proto
])

/**
 * Reads the request that a subrequest is about. A proxy forwards the headers of its client
 * unchanged, except those that it writes itself. So a description counts only as a whole: one
 * family of headers, complete and without contradiction. A proxy that omits one then fails at its
 * first request, and not when a client adds the header.
 * @throws Refusal FORBIDDEN if the peer is not a trusted proxy, NOT_FOUND for another path, and
 * INVALID_REQUEST if the description is not valid
 */
export function describedRequest(
  raw: IncomingMessage,
  { isTrustedProxy, proxyHeaders }: Pick<ProxySettings, 'isTrustedProxy' | 'proxyHeaders'>
): DescribedRequest {
  const arrived = arrivedHop(raw, isTrustedProxy, { headers: proxyHeaders, proxied: null })
  const { addresses } = arrived
  if (!isTrustedProxy(addresses.at(-1) ?? '')) throw untrustedProxy()
  refuseBody(raw)
  const { described, lines } = sortHeaders(raw.rawHeaders)
  const { method, target, host, scheme } = partsOf(raw, described)
  if (!target.startsWith('/')) throw invalid('the target of the described request is not a path')
  if (!isHost(host)) throw invalid('the host of the described request is not the name of a host')
  const named = described.get(forwarded.host)
  if (named !== undefined && !isSameHost(named, host)) throw contradiction()
  if (addresses.length === 1) throw missing(forwardedHeader.for)
  const protocol = protocolNamed(
    reportedProtocol(raw, proxyHeaders, addresses.length - 1) ?? scheme ?? ''
  )
  if (protocol === undefined) throw missing(forwardedHeader.proto)
  if (scheme !== undefined && scheme !== protocol) throw contradiction()
  lines.push('host', host)
  return {
    head: { method, url: target, httpVersion: '1.1', headers: {}, rawHeaders: lines },
    hop: { addresses, protocol, host, port: portOf(host, protocol) },
    added: scheme === undefined ? null : ADDED_BY_INGRESS_NGINX
  }
}

/** The scheme that the outermost of the proxies reports, without reading all headers again. */
function reportedProtocol(
  raw: IncomingMessage,
  { kind, names }: ProxySettings['proxyHeaders'],
  proxies: number
): string | undefined {
  const only = raw.headers[forwardedHeader.proto]
  const isPlain = typeof only === 'string' && !only.includes(',')
  if (isPlain && kind !== 'forwarded' && names.includes('proto')) return only.trim()
  return proxyReports(raw, { kind, names }).reported('proto', proxies)
}

/** The gateway reads no body here, so its bytes could be taken for the next request. */
function refuseBody({ headers }: IncomingMessage): void {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = headers
  if (length !== '0' || coding !== undefined) throw invalid('a subrequest has no body')
}

/**
 * Takes the headers that describe the request out of the others, with `Host`, which is that of the
 * subrequest, and the addresses, which `arrivedHop` has read.
 */
function sortHeaders(rawHeaders: readonly string[]) {
  const described = new Map<string, string>()
  const lines: string[] = []
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const line = rawHeaders[index] ?? ''
    const name = line.toLowerCase()
    const value = rawHeaders[index + 1] ?? ''
    if (describing.has(name)) {
      if (described.has(name)) throw invalid(`${name} is given twice`)
      described.set(name, value)
    } else if (isRespelled(name)) {
      throw invalid(`a header is another spelling of ${foldedName(name)}`)
    } else if (name === 'host') hosts += 1
    else if (name !== forwardedHeader.for) lines.push(line, value)
  }
  // RFC 9112 §3.2. Node.js reads the first one.
  if (hosts > 1) throw invalid('host is given twice')
  return { described, lines }
}

/** Only names with other characters than letters, digits and dashes have another spelling. */
const isRespelled = (name: string): boolean =>
  name.startsWith('x') && /[^a-z0-9-]/.test(name) && describing.has(foldedName(name))

type Parts = {
  readonly method: string
  /** path and query */
  readonly target: string
  readonly host: string
  /** of a whole URL */
  readonly scheme?: string
}

function partsOf({ method = '', url = '', headers }: IncomingMessage, described: Described): Parts {
  const isOriginal = Object.values(original).some((name) => described.has(name))
  const isForwarded = described.has(forwarded.method) || described.has(forwarded.uri)
  const rest = url.startsWith(VERIFY_PATH) ? url.slice(VERIFY_PATH.length) : '-'
  if (rest.startsWith('/')) {
    if (isOriginal || isForwarded) throw contradiction()
    return { method, target: rest, host: headers.host ?? '' }
  }
  // Caddy appends the query of the request.
  if (rest !== '' && !rest.startsWith('?')) throw noRoute()
  if (isOriginal && isForwarded) throw contradiction()
  if (isOriginal) return originalParts(described)
  return {
    method: given(described, forwarded.method),
    target: given(described, forwarded.uri),
    host: given(described, forwarded.host)
  }
}

type Described = ReadonlyMap<string, string>

/** The first slash ends the authority, whatever a client has written into its `Host`. */
const URL_PARTS = /^(https?):\/\/([^/]*)(\/.*)$/

function originalParts(described: Described): Parts {
  const method = given(described, original.method)
  const url = described.get(original.url)
  if (url === undefined) {
    return {
      method,
      target: given(described, original.uri),
      host: given(described, original.host)
    }
  }
  if (described.has(original.uri) || described.has(original.host)) throw contradiction()
  const [, scheme = '', host = '', target = ''] = URL_PARTS.exec(url) ?? []
  return { method, target, host, scheme }
}

function given(described: Described, name: string): string {
  const value = described.get(name) ?? ''
  if (value === '') throw missing(name)
  return value
}

const invalid = (detail: string) => malformed(detail, 'the description of a request')
const missing = (name: string) => invalid(`${name} is missing or empty`)
const contradiction = () => invalid('the headers that describe the request contradict each other')
