import type { Command } from '../../command.ts'

export const clientsEnable: Command = {
  name: 'clients enable',
  usage: 'ID',
  summary: 'Allows a disabled machine client to get tokens again.',
  words: [1, 1],
  async run({ positionals: [client = ''] }, { ops }) {
    const path = `/ops/clients/${encodeURIComponent(client)}/enable`
    const response = await ops.call<{ id: string }>('POST', path)
    return { json: response, text: `${response.id} is enabled` }
  }
}
