import type { Explanation, RequestAnswer } from '@gatehouse/fleet/route-answers'
import { Refusal } from '@gatehouse/problem/refusal'
import { isWithin } from '../paths/is-within.ts'
import type { Route } from '../routes/entry/route.ts'
import { servicePath } from '../routes/service-path.ts'
import { locateTarget } from '../routes/table/located-target.ts'
import type { RouteTable } from '../routes/table/route-table.ts'
import { getsProof } from '../routes/takes-our-credentials.ts'
import { type Match, match } from '../stages/match.ts'
import { accessText, demandText } from './demand-text.ts'
import { headersOf, verifiedOf } from './header-text.ts'
import { limitsOf, responseOf } from './limit-text.ts'

/** Which route a request matches and why, as the gateway's own stage decides. Pure. */
export function explainRequest(method: string, path: string, table: RouteTable): RequestAnswer {
  try {
    const found = match({ method, host: '' }, locateTarget(table, path))
    return { explanation: explanationOf(method, found, table), refusal: null }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { status, code } = error
    return { explanation: null, refusal: { status, code, why: whyRefused(error) } }
  }
}

function whyRefused({ code, reason, headers }: Refusal): string {
  if (code === 'NOT_FOUND') return 'no route has a prefix of this path'
  if (code === 'METHOD_NOT_ALLOWED') return `its route accepts ${headers.allow}`
  return reason
}

function explanationOf(method: string, match: Match, table: RouteTable): Explanation {
  const { route, access, demands, target } = match
  const provesGateway = getsProof(route, {
    hasAssertion: access === 'signed-in' && route.claims.includes('assertion')
  })
  const { path, query } = target
  const longest = route.prefixes
    .filter((prefix) => isWithin(path, prefix))
    .sort((a, b) => b.length - a.length)[0]
  const asked = `${servicePath(route, path)}${query}`
  return {
    route: route.name,
    why: `${longest} is the longest prefix of ${path} in the table`,
    needs: `${accessText(access)}${demands.map(demandText).join('')}`,
    goes: route.upstream.addresses.map(
      (address) => `${method} ${address}${asked}${protocolText(route.upstream.protocol)}`
    ),
    headers: headersOf(method, route, { access, provesGateway }),
    answer: responseOf(route),
    limits: limitsOf(method, route),
    verified: verifiedOf(match, table, provesGateway)
  }
}

/** How the service is asked, unless it is over HTTP/1.1. */
const protocolText = (protocol: Route['upstream']['protocol']): string =>
  protocol === 'http/1.1' ? '' : ` over HTTP/2 (${protocol})`
