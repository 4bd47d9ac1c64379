import type { Demand, Route } from '@gatehouse/gateway/routes/route'
import type { RouteTable } from '@gatehouse/gateway/routes/route-table'
import type { Match } from '@gatehouse/gateway/stages/match'
import { Refusal } from '@gatehouse/problem/refusal'
import { BadUsage, type Command, Refused } from '../command.ts'
import { demandWords, readRoutes, routeFileOf } from '../route-file.ts'

const METHOD = /^[A-Z]+$/

export const routesExplain: Command = {
  name: 'routes explain',
  usage: 'METHOD PATH',
  summary:
    'Which row a request meets and why, what it needs, where it goes, and which headers go on.',
  words: [2, 2],
  async run({ positionals: [method = '', path = ''] }, _ops, _terminal, environment) {
    if (!METHOD.test(method)) throw new BadUsage(`${method} is not a method: write GET, not get`)
    const table = await readRoutes(routeFileOf(undefined, environment), environment)
    const { target, route, demands } = await matched(method, path, table)
    const explained = explanation(method, target, route, demands)
    const lines = Object.entries(explained).map(
      ([name, value]) => `${name.padEnd(10)}${[value].flat().join('\n          ')}`
    )
    return { json: explained, text: lines.join('\n') }
  }
}

/** What the gateway's own stage makes of the request. @throws Refused as the gateway would refuse it */
async function matched(method: string, path: string, table: RouteTable): Promise<Match> {
  const { match } = await import('@gatehouse/gateway/stages/match')
  try {
    return match({ method, target: path, host: '' }, table)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new Refused(error.code, `${error.status}: ${path}: ${whyRefused(error)}.`)
  }
}

function whyRefused({ code, detail, headers }: Refusal): string {
  if (code === 'NOT_FOUND') return 'no row has a prefix of it'
  if (code === 'METHOD_NOT_ALLOWED') return `its row takes ${headers.allow}`
  return detail ?? code
}

function explanation(
  method: string,
  { path, query }: { path: string; query: string },
  route: Route,
  demands: readonly Demand[]
) {
  const longest = route.prefixes
    .filter((prefix) => prefix === '/' || path === prefix || path.startsWith(`${prefix}/`))
    .sort((a, b) => b.length - a.length)[0]
  const rest = path.slice(route.stripPrefix?.length ?? 0) || '/'
  const needs = route.access === 'public' ? 'nothing: it is public' : 'an access token'
  return {
    row: route.name,
    why: `${longest} is the longest prefix of ${path} that a row has`,
    needs: `${needs}${demands.map(demandWords).join('')}`,
    goes: route.upstream.addresses.map((address) => `${method} ${address}${rest}${query}`),
    headers: headersOf(route),
    limits: limitsOf(route)
  }
}

function headersOf({ access, credentials, claims, tokenClaims }: Route): string[] {
  const identity = claims.map((claim) => `x-auth-${claim}`).join(', ')
  return [
    "the client's, without Authorization, the gateway's own cookies, hop-by-hop headers, a proxy's (x-real-ip, cf-*, …) and every x-auth-*",
    ...(credentials.includes('own-cookies') ? ["the gateway's own cookies after all"] : []),
    ...(credentials.includes('client-authentication') ? ['Authorization: Basic after all'] : []),
    ...(credentials.length > 0
      ? ['x-auth-gateway, by which the service knows that a gateway sent the request']
      : []),
    ...(access === 'public' || identity === '' ? [] : [`${identity} of the caller`]),
    ...tokenClaims.map(
      ({ name, path }) =>
        `x-auth-claim-${name}, the claim ${[path].flat().join(' ▸ ')} of the token, where it has one`
    ),
    'x-request-id, traceparent, x-forwarded-for, -proto and -host, rewritten'
  ]
}

function limitsOf({ bodyLimitBytes, limits, ...row }: Route): string[] {
  const { answerSeconds, idleSeconds, retries, events, websocket, maxStalenessSeconds } = row
  return [
    `a body of ${bodyLimitBytes} bytes`,
    ...limits.map(
      ({ max, windowSeconds, by, shared }) =>
        `${max} requests of one ${by} in ${windowSeconds} s${shared ? ', over all gateways' : ''}`
    ),
    ...(answerSeconds === undefined ? [] : [`an answer that begins within ${answerSeconds} s`]),
    ...(events ? [] : [`an answer that pauses for ${idleSeconds} s`]),
    ...(retries > 0 ? [`what is safe is sent ${retries + 1} times at most`] : []),
    websocket ? 'WebSockets are taken' : 'no WebSocket',
    ...(maxStalenessSeconds === undefined
      ? []
      : [`revocations heard of within ${maxStalenessSeconds} s`])
  ]
}
