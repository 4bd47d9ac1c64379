import type { Command } from '../command.ts'

export const clientsDisable: Command = {
  name: 'clients disable',
  usage: 'ID',
  summary: 'Gives a machine client no token any more. Those that it has run out by themselves.',
  words: [1, 1],
  confirm: ({ positionals: [client] }) => `Disable the client ${client}?`,
  async run({ positionals: [client = ''] }, ops) {
    const path = `/ops/clients/${encodeURIComponent(client)}/disable`
    const answer = await ops.call<{ id: string }>('POST', path)
    return { json: answer, text: `${answer.id} is disabled` }
  }
}
