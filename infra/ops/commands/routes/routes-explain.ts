import type { Command } from '../../command.ts'
import { BadUsage, Refused } from '../../failures.ts'
import { readRoutes, routeFileOf } from './route-file.ts'

const METHOD = /^[A-Z]+$/

export const routesExplain: Command = {
  name: 'routes explain',
  usage: 'METHOD PATH',
  summary:
    'Shows which route a request matches and why, what it requires, where it goes, which ' +
    'headers are forwarded, and the response to a proxy that uses forward authentication.',
  words: [2, 2],
  async run({ positionals: [method = '', path = ''] }, { environment }) {
    if (!METHOD.test(method)) throw new BadUsage(`${method} is not a method: write GET, not get.`)
    const table = await readRoutes(routeFileOf(undefined, environment), environment)
    const { explainRequest } = await import('@gatehouse/gateway/explain/explain-request')
    const { explanation, refusal } = explainRequest(method, path, table)
    if (refusal !== null) {
      throw new Refused(refusal.code, `${refusal.status}: ${path}: ${refusal.why}.`)
    }
    const lines = Object.entries(explanation ?? {}).map(
      ([name, value]) => `${labelOf(name).padEnd(10)}${[value].flat().join('\n          ')}`
    )
    return { json: explanation, text: lines.join('\n') }
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
