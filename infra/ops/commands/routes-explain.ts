import type { Route } from '@gatehouse/gateway/routes/route'
import { BadUsage, type Command, Refused } from '../command.ts'
import { demandOf, readRoutes, routeFileOf } from '../route-file.ts'

const METHOD = /^[A-Z]+$/

export const routesExplain: Command = {
  name: 'routes explain',
  usage: 'METHOD PATH',
  summary:
    'Which row a request meets and why, what it needs, where it goes, and which headers go on.',
  words: [2, 2],
  async run({ positionals: [method = '', path = ''] }, _ops, _terminal, environment) {
    if (!METHOD.test(method)) throw new BadUsage(`${method} is not a method: write GET, not get`)
    const { canonicalTarget } = await import('@gatehouse/gateway/stages/canonical-path')
    const table = await readRoutes(routeFileOf(undefined, environment), environment)
    const target = canonicalTarget(path)
    if (target === null) {
      throw new Refused(
        'INVALID_REQUEST',
        `400: ${path} is not in its canonical form, and goes nowhere.`
      )
    }
    const route = table.match(target.path)
    if (route === null)
      throw new Refused('NOT_FOUND', `404: no row has a prefix of ${target.path}.`)
    const explained = explanation(method, target, route)
    const lines = Object.entries(explained).map(
      ([name, value]) => `${name.padEnd(10)}${[value].flat().join('\n          ')}`
    )
    return { json: explained, text: lines.join('\n') }
  }
}

function explanation(
  method: string,
  { path, query }: { path: string; query: string },
  route: Route
) {
  const longest = route.prefixes
    .filter((prefix) => prefix === '/' || path === prefix || path.startsWith(`${prefix}/`))
    .sort((a, b) => b.length - a.length)[0]
  const rest = path.slice(route.stripPrefix?.length ?? 0) || '/'
  return {
    row: route.name,
    why: `${longest} is the longest prefix of ${path} that a row has`,
    needs: demandOf(route),
    goes: `${method} ${route.upstream}${rest}${query}`,
    headers: headersOf(route),
    limits: limitsOf(route)
  }
}

function headersOf({ access, credentials }: Route): string[] {
  return [
    "the client's, without Authorization, the gateway's own cookies, hop-by-hop headers and every x-auth-*",
    ...(credentials.includes('own-cookies') ? ["the gateway's own cookies after all"] : []),
    ...(credentials.includes('client-authentication') ? ['Authorization: Basic after all'] : []),
    ...(access === 'public' ? [] : ['x-auth-* of the caller, and x-auth-assertion']),
    'x-request-id, traceparent, x-forwarded-for, -proto and -host, rewritten'
  ]
}

function limitsOf({ bodyLimitBytes, limit }: Route): string[] {
  return [
    `a body of ${bodyLimitBytes} bytes`,
    ...(limit === undefined
      ? []
      : [`${limit.max} requests of an address in ${limit.windowSeconds} s`])
  ]
}
