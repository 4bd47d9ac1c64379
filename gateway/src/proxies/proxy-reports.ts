import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'
import { forwardedHeader } from '@gatehouse/edge-headers/names'
import { listMembers } from '@gatehouse/edge-headers/optional-whitespace'
import { forwardedAddress } from './forwarded-address.ts'
import { type ForwardedElement, forwardedElements } from './forwarded-elements.ts'
import { type ProxyHeaders, X_FORWARDED } from './proxy-headers.ts'

/** What the headers of a request report about its way, one proxy after the other. */
type ProxyReports = {
  /** the peer of each proxy; null if it is not an address */
  readonly addresses: readonly (string | null)[]
  /**
   * The value that the outermost of the given number of proxies reports; if it reports none, that
   * of the next one.
   */
  reported(name: 'proto' | 'host' | 'port', proxies: number): string | undefined
}

/**
 * Reads one kind of header, never both, because a proxy that writes one kind forwards the other as
 * the client wrote it. Where the proxies' kind is not set, that is `x-forwarded-*` if the request
 * has one of these, else `Forwarded`.
 */
export function proxyReports(raw: IncomingMessage, { kind, names }: ProxyHeaders): ProxyReports {
  const read = kind ?? (hasXForwarded(raw) ? 'x-forwarded' : 'forwarded')
  return read === 'x-forwarded' ? byXForwarded(raw, names) : byForwarded(raw)
}

const hasXForwarded = ({ headers }: IncomingMessage): boolean =>
  X_FORWARDED.some((name) => headers[forwardedHeader[name]] !== undefined)

function byXForwarded(raw: IncomingMessage, names: ProxyHeaders['names']): ProxyReports {
  return {
    addresses: membersOf(raw, 'for').map(forwardedAddress),
    reported(name, proxies) {
      const members = names.includes(name) ? membersOf(raw, name) : []
      return members[Math.max(members.length - proxies, 0)]
    }
  }
}

function membersOf({ headers }: IncomingMessage, name: (typeof X_FORWARDED)[number]): string[] {
  const value = headers[forwardedHeader[name]]
  return value === undefined ? [] : listMembers([value].flat().join(','))
}

/** A header that does not follow the grammar says nothing. */
function byForwarded({ headers }: IncomingMessage): ProxyReports {
  const elements = forwardedElements(headers.forwarded ?? '') ?? []
  return {
    addresses: elements.map(nodeOf),
    reported: (name, proxies) =>
      name === 'port'
        ? undefined
        : elements
            .slice(Math.max(elements.length - proxies, 0))
            .find((element) => element.has(name))
            ?.get(name)
  }
}

/**
 * RFC 7239 §6: an IPv6 address has brackets. Without them, a port could be the last part of the
 * address.
 */
function nodeOf(element: ForwardedElement): string | null {
  const node = element.get('for') ?? ''
  return isIPv6(node) ? null : forwardedAddress(node)
}
