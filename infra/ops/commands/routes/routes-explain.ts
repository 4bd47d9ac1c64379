import { gatewayHeader, IDENTITY_PREFIX, identityHeader } from '@gatehouse/edge-headers/names'
import type { Route } from '@gatehouse/gateway/routes/route'
import type { RouteTable } from '@gatehouse/gateway/routes/route-table'
import type { Match } from '@gatehouse/gateway/stages/match'
import { Refusal } from '@gatehouse/problem/refusal'
import type { Command } from '../../command.ts'
import { BadUsage, Refused } from '../../failures.ts'
import { accessWords, demandWords, readRoutes, routeFileOf } from './route-file.ts'

const METHOD = /^[A-Z]+$/

export const routesExplain: Command = {
  name: 'routes explain',
  usage: 'METHOD PATH',
  summary:
    'Shows which route a request matches and why, what it requires, where it goes, which ' +
    'headers are forwarded, and the answer to a proxy that uses forward authentication.',
  words: [2, 2],
  async run({ positionals: [method = '', path = ''] }, { environment }) {
    if (!METHOD.test(method)) throw new BadUsage(`${method} is not a method: write GET, not get.`)
    const table = await readRoutes(routeFileOf(undefined, environment), environment)
    const explained = await explanation(method, await matched(method, path, table), table)
    const lines = Object.entries(explained).map(
      ([name, value]) => `${labelOf(name).padEnd(10)}${[value].flat().join('\n          ')}`
    )
    return { json: explained, text: lines.join('\n') }
  }
}

const labels: Readonly<Record<string, string>> = {
  route: 'route',
  needs: 'requires',
  goes: 'sent as',
  answer: 'response'
}

/** The name of a JSON member in the text. */
const labelOf = (member: string): string => labels[member] ?? member

/**
 * The result of the gateway's own stage.
 * @throws Refused if the gateway would refuse the request
 */
async function matched(method: string, path: string, table: RouteTable): Promise<Match> {
  const { locateTarget } = await import('@gatehouse/gateway/routes/located-target')
  const { match } = await import('@gatehouse/gateway/stages/match')
  try {
    return match({ method, host: '' }, locateTarget(table, path))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new Refused(error.code, `${error.status}: ${path}: ${whyRefused(error)}.`)
  }
}

function whyRefused({ code, detail, headers }: Refusal): string {
  if (code === 'NOT_FOUND') return 'no route has a prefix of this path'
  if (code === 'METHOD_NOT_ALLOWED') return `its route accepts ${headers.allow}`
  return detail ?? code
}

async function explanation(method: string, match: Match, table: RouteTable) {
  const { route, access, demands, target } = match
  const { servicePath } = await import('@gatehouse/gateway/routes/service-path')
  const { getsProof } = await import('@gatehouse/gateway/routes/takes-our-credentials')
  const provesGateway = getsProof(route, {
    hasAssertion: access === 'signed-in' && route.claims.includes('assertion')
  })
  const { path, query } = target
  const longest = route.prefixes
    .filter((prefix) => prefix === '/' || path === prefix || path.startsWith(`${prefix}/`))
    .sort((a, b) => b.length - a.length)[0]
  const asked = `${servicePath(route, path)}${query}`
  return {
    route: route.name,
    why: `${longest} is the longest prefix of ${path} in the table`,
    needs: `${accessWords(access)}${demands.map(demandWords).join('')}`,
    goes: route.upstream.addresses.map(
      (address) => `${method} ${address}${asked}${protocolWords(route.upstream.protocol)}`
    ),
    headers: headersOf(method, route, { access, provesGateway }),
    answer: answerOf(route),
    limits: limitsOf(method, route),
    verified: await verifiedOf(match, table, provesGateway)
  }
}

/** How the service is asked, unless it is over HTTP/1.1. */
const protocolWords = (protocol: Route['upstream']['protocol']): string =>
  protocol === 'http/1.1' ? '' : ` over HTTP/2 (${protocol})`

function headersOf(
  method: string,
  { audience, credentials, claims, tokenClaims, stripPrefix = '/', upstream }: Route,
  { access, provesGateway }: { access: Match['access']; provesGateway: boolean }
): string[] {
  const caller = access === 'optional' ? 'the caller, if one is signed in' : 'the caller'
  const identity = claims.map((claim) => identityHeader[claim]).join(', ')
  return [
    `the client's headers, except Authorization, the gateway's own cookies, hop-by-hop headers, headers of proxies (x-real-ip, cf-*, …) and ${IDENTITY_PREFIX}*`,
    ...(credentials.includes('own-cookies') ? ["also the gateway's own cookies"] : []),
    ...(credentials.includes('client-authentication') ? ['also Authorization: Basic'] : []),
    ...(credentials.includes('authorization') && access === 'public'
      ? [
          'also Authorization, unless it contains a token of our auth service or of an issuer in the issuer file'
        ]
      : []),
    ...(provesGateway
      ? [`${gatewayHeader}, which proves to ${upstream.name} that a gateway sent the request`]
      : []),
    ...(access === 'public' || identity === '' ? [] : [`${identity} of ${caller}`]),
    ...(access === 'public' || !claims.includes('assertion')
      ? []
      : [`${identityHeader.assertion} is for the audience ${audience}`]),
    ...(access === 'public' ? [] : tokenClaims).map(
      ({ header, path }) =>
        `${header}, the claim ${[path].flat().join(' ▸ ')} of the token, if it has one`
    ),
    'x-request-id, traceparent, x-forwarded-for, -proto, -host and -port, rewritten',
    ...(stripPrefix === '/' ? [] : [`x-forwarded-prefix: ${stripPrefix}`]),
    ...(method === 'COPY' || method === 'MOVE'
      ? ['Destination, if it is a path of the same route, as a path of the service']
      : [])
  ]
}

/** What a proxy that asks about the request gets (docs/forward-auth.md). */
async function verifiedOf(
  { route: { claims, tokenClaims }, access }: Match,
  { routes }: RouteTable,
  provesGateway: boolean
): Promise<string[]> {
  const { identityHeaderNames } = await import('@gatehouse/gateway/verify/answer-headers')
  const said: string[] =
    access === 'public'
      ? []
      : [...claims.map((claim) => identityHeader[claim]), ...tokenClaims.map((one) => one.header)]
  if (provesGateway) said.push(gatewayHeader)
  const empty = [...identityHeaderNames(routes, [])].filter((name) => !said.includes(name))
  return [
    `200 with ${[...said, 'authorization, cookie, x-request-id, traceparent'].join(', ')}`,
    ...(empty.length === 0 ? [] : [`and with an empty ${empty.join(', ')}`]),
    'or the same refusal as from the gateway; the size of the body is not checked'
  ]
}

/** What the client gets from the response. */
function answerOf({ answerHeaderBytes, answerPaths, stripPrefix = '' }: Route): string[] {
  return [
    `headers of at most ${answerHeaderBytes} bytes`,
    answerPaths === 'keep'
      ? 'Location, Content-Location, Refresh and the paths of cookies as the service writes them'
      : `Location, Content-Location, Refresh and the paths of cookies with the service's own paths below ${stripPrefix || '/'}`
  ]
}

function limitsOf(method: string, { bodyLimitBytes, limits, ...rest }: Route): string[] {
  const { answerSeconds, idleSeconds, retries, events, websocket, maxStalenessSeconds } = rest
  return [
    hasNoBody(method, rest) ? 'no body' : `a body of ${bodyLimitBytes} bytes`,
    ...(rest.encodedSlashes === 'pass' ? ['%2F in the path passes'] : []),
    ...(rest.encodedDelimiters === 'pass' ? ['%23, %25, %3B and %3F in the path pass'] : []),
    ...limits.map(
      ({ max, windowSeconds, by, shared }) =>
        `${max} requests per ${by} in ${windowSeconds} s${shared ? ', all gateways together' : ''}`
    ),
    ...(answerSeconds === undefined ? [] : [`a response that begins within ${answerSeconds} s`]),
    ...(events ? [] : [`a response that pauses for at most ${idleSeconds} s`]),
    ...(retries > 0 ? [`at most ${retries + 1} attempts, if the method is safe`] : []),
    websocket ? 'WebSockets are accepted' : 'no WebSockets',
    ...(maxStalenessSeconds === undefined
      ? []
      : [`revocations that are at most ${maxStalenessSeconds} s old`])
  ]
}

const hasNoBody = (method: string, { bodyOnGet }: Pick<Route, 'bodyOnGet'>): boolean =>
  method === 'HEAD' || (method === 'GET' && !bodyOnGet)
