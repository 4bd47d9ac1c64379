import type { Command } from '../../command.ts'

export const operatorsRevoke: Command = {
  name: 'operators revoke',
  usage: 'NAME',
  summary: 'Revokes the token of an operator, which stops working at once.',
  words: [1, 1],
  async run({ positionals: [name = ''] }, { ops }) {
    const path = `/ops/operators/${encodeURIComponent(name)}`
    const answer = await ops.call<{ name: string }>('DELETE', path)
    return { json: answer, text: `the token of ${answer.name} is revoked` }
  }
}
