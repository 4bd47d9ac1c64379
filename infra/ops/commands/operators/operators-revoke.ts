import type { Command } from '../../command.ts'

export const operatorsRevoke: Command = {
  name: 'operators revoke',
  usage: 'NAME',
  summary: 'Revokes the token of an operator, which stops working at once.',
  words: [1, 1],
  async run({ positionals: [name = ''] }, { ops }) {
    const path = `/ops/operators/${encodeURIComponent(name)}`
    const response = await ops.call<{ name: string }>('DELETE', path)
    return { json: response, text: `the token of ${response.name} is revoked` }
  }
}
