import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ArrivedRequest, type LocatedOf, noteSource } from '../arrival/arrived-request.ts'
import type { ProxySettings } from '../proxies/proxy-settings.ts'
import type { IsTrustedProxy } from '../proxies/trusted-proxies.ts'
import type { Passage } from '../request/passage.ts'
import type { RequestHead } from '../request/request-head.ts'
import type { LocatedTarget } from '../routes/table/located-target.ts'
import type { RouteTable } from '../routes/table/route-table.ts'
import type { RequestSpans } from '../telemetry/request-spans.ts'
import type { NamedClaim } from '../tokens/claims/forwarded-claims.ts'
import { describedRequest } from './described-request.ts'
import { refuseKeptHeaders } from './kept-headers.ts'
import { headerLines, identityHeaderNames } from './response-headers.ts'

/** A proxy asks whether the request that it describes may pass. */
type Subrequest = {
  readonly head: RequestHead
  readonly located: LocatedTarget
  /** the identity headers that a positive response contains */
  readonly names: ReadonlySet<string>
}

/** Reads the subrequests of proxies and responds to them, with and without the framework. */
export type Subrequests = {
  readonly isTrustedProxy: IsTrustedProxy
  /**
   * Reads a subrequest, and notes the source of the request that it describes.
   * @throws Refusal as `describedRequest` and `refuseKeptHeaders`
   */
  read(arrived: ArrivedRequest, raw: IncomingMessage): Subrequest
  /** Responds that the request may pass, with the headers for its service. */
  allow(raw: ServerResponse, names: Subrequest['names'], passage: Pick<Passage, 'headers'>): void
}

type SubrequestsOptions = {
  readonly proxies: Pick<ProxySettings, 'isTrustedProxy' | 'proxyHeaders'>
  readonly spans: RequestSpans | null
  readonly locatedOf: LocatedOf
  /** the claims that issuers forward to every service */
  readonly issuerClaims: readonly NamedClaim[]
}

export function proxySubrequests(options: SubrequestsOptions): Subrequests {
  const { proxies, spans, locatedOf, issuerClaims } = options
  const namesOf = namesInResponse(issuerClaims)
  return {
    isTrustedProxy: proxies.isTrustedProxy,
    read(arrived, raw) {
      const { head, hop, added } = describedRequest(raw, proxies)
      arrived.trail.described = { method: head.method ?? '', target: head.url ?? '' }
      // The framework gets it after it has begun without it.
      if (arrived.hop === null) noteSource(arrived, raw, spans, () => hop)
      const located = locatedOf(arrived)
      const names = namesOf(located.table)
      refuseKeptHeaders(head.rawHeaders, names, added)
      return { head, located, names }
    },
    // There are many headers, and `setHeader` would process each of them several times.
    allow: (raw, names, { headers }) => {
      raw.writeHead(200, headerLines(names, headers)).end()
    }
  }
}

/** The identity headers that a response contains, once for each route table. */
function namesInResponse(
  issuerClaims: readonly NamedClaim[]
): (table: RouteTable) => ReadonlySet<string> {
  const known = new WeakMap<RouteTable, ReadonlySet<string>>()
  return (table) => {
    const names = known.get(table) ?? identityHeaderNames(table.routes, issuerClaims)
    known.set(table, names)
    return names
  }
}
