import type { Command } from '../../command.ts'
import { count } from '../../terminal/count.ts'
import { textTable } from '../../terminal/text-table.ts'
import { readRoutes, routeFileOf, warningsOf } from './route-file.ts'

export const routesCheck: Command = {
  name: 'routes check',
  usage: '[FILE]',
  summary:
    'Reads a route table as the gateway would, and reports its errors. Without FILE, it ' +
    'reads GATEWAY_ROUTES.',
  words: [0, 1],
  async run({ positionals: [named] }, { environment }) {
    const file = routeFileOf(named, environment)
    const read = await readRoutes(file, environment)
    const { routes } = read
    const { demandsOf } = await import('@gatehouse/gateway/explain/demand-text')
    const table = textTable(
      ['route', 'prefix', 'upstream', 'requires'],
      routes.map((route) => [
        route.name,
        route.prefixes.join(' '),
        route.upstream.addresses.map((one) => `${one}${route.upstream.basePath}`).join(' '),
        demandsOf(route).join('; ')
      ])
    )
    const warnings = await warningsOf(read, environment)
    const verdict = [`${count(routes.length, 'route')}, no error`, ...warnings].join('\n')
    return {
      json: { file, routes, warnings },
      text: `${table}\n\n${verdict}`
    }
  }
}
