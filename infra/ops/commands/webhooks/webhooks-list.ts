import type { Command } from '../../command.ts'
import { count } from '../../terminal/count.ts'
import { type Webhook, webhookTable } from './webhook-answers.ts'

export const webhooksList: Command = {
  name: 'webhooks list',
  usage: '',
  summary: 'Lists the webhook endpoints, the oldest first.',
  words: [0, 0],
  async run(_typed, { ops }) {
    const answer = await ops.call<{ webhooks: Webhook[] }>('GET', '/ops/webhooks')
    const table = webhookTable(answer.webhooks)
    return { json: answer, text: `${table}\n\n${count(answer.webhooks.length, 'endpoint')}` }
  }
}
