import type { Command } from '../../command.ts'

export const webhooksEnable: Command = {
  name: 'webhooks enable',
  usage: 'ID',
  summary: 'Enables a webhook endpoint: it gets its pending events, and later ones.',
  words: [1, 1],
  async run({ positionals: [id = ''] }, { ops }) {
    const path = `/ops/webhooks/${encodeURIComponent(id)}/enable`
    const response = await ops.call<{ id: string }>('POST', path)
    return { json: response, text: `${response.id} is enabled` }
  }
}
