import type { Command } from '../../command.ts'
import { count } from '../../terminal/count.ts'
import { type Webhook, webhookTable } from './webhook-responses.ts'

export const webhooksList: Command = {
  name: 'webhooks list',
  usage: '',
  summary: 'Lists the webhook endpoints, the oldest first.',
  words: [0, 0],
  async run(_typed, { ops }) {
    const response = await ops.call<{ webhooks: Webhook[] }>('GET', '/ops/webhooks')
    const table = webhookTable(response.webhooks)
    return { json: response, text: `${table}\n\n${count(response.webhooks.length, 'endpoint')}` }
  }
}
