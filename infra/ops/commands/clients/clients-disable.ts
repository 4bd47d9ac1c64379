import type { Command } from '../../command.ts'

export const clientsDisable: Command = {
  name: 'clients disable',
  usage: 'ID',
  summary: 'Disables a machine client. Every gateway refuses its tokens within a second.',
  words: [1, 1],
  confirm: ({ positionals: [client] }) => `Disable the client ${client}?`,
  async run({ positionals: [client = ''] }, { ops }) {
    const path = `/ops/clients/${encodeURIComponent(client)}/disable`
    const response = await ops.call<{ id: string }>('POST', path)
    return { json: response, text: `${response.id} is disabled` }
  }
}
