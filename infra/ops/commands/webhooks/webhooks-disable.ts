import type { Command } from '../../command.ts'

export const webhooksDisable: Command = {
  name: 'webhooks disable',
  usage: 'ID',
  summary: 'Disables a webhook endpoint. It gets no events until it is enabled again.',
  words: [1, 1],
  async run({ positionals: [id = ''] }, { ops }) {
    const path = `/ops/webhooks/${encodeURIComponent(id)}/disable`
    const response = await ops.call<{ id: string }>('POST', path)
    return { json: response, text: `${response.id} is disabled` }
  }
}
