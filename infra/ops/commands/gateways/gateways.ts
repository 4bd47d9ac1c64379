import type { Command } from '../../command.ts'
import { count } from '../../terminal/count.ts'
import { textTable } from '../../terminal/text-table.ts'

type Gateway = {
  readonly id: string
  readonly name: string
  readonly keySetVersion: string
  readonly kids: readonly string[]
  readonly revocationLagSeconds: number
  /** why it is not ready; null: an earlier version */
  readonly failing: readonly string[] | null
}

/** the lag of a gateway that has never read the log */
const NEVER = Number.MAX_SAFE_INTEGER

export const gateways: Command = {
  name: 'gateways',
  usage: '',
  summary:
    'Lists the live gateways: whether each one is ready, its key set and keys, and how far behind it is.',
  words: [0, 0],
  async run(_typed, { ops }) {
    const response = await ops.call<{ gateways: Gateway[] }>('GET', '/ops/gateways')
    const table = textTable(
      ['id', 'name', 'ready', 'key set', 'revocation lag', 'keys'],
      response.gateways.map(
        ({ id, name, failing, keySetVersion, kids, revocationLagSeconds: lag }) => [
          id,
          name,
          readyText(failing),
          keySetVersion,
          lag === NEVER ? 'never' : `${lag.toFixed(1)} s`,
          kids.join(' ')
        ]
      )
    )
    return { json: response, text: `${table}\n\n${count(response.gateways.length, 'gateway')}` }
  }
}

function readyText(failing: readonly string[] | null): string {
  if (failing === null) return '?'
  return failing.length === 0 ? 'yes' : `no: ${failing.join('; ')}`
}
