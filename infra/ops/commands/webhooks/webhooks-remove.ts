import type { Command } from '../../command.ts'

export const webhooksRemove: Command = {
  name: 'webhooks remove',
  usage: 'ID',
  summary: 'Removes a webhook endpoint, and the deliveries that wait for it.',
  words: [1, 1],
  confirm: ({ positionals: [id] }) => `Remove the endpoint ${id} and its deliveries?`,
  async run({ positionals: [id = ''] }, { ops }) {
    const path = `/ops/webhooks/${encodeURIComponent(id)}`
    const response = await ops.call<{ id: string }>('DELETE', path)
    return { json: response, text: `${response.id} removed` }
  }
}
