import { type Command, textOption } from '../../command.ts'
import { type Delivery, deliveryTable } from './webhook-answers.ts'

export const webhooksDeliveries: Command = {
  name: 'webhooks deliveries',
  usage: '[--webhook ID] [--state STATE] [--limit NUMBER]',
  summary:
    'Lists deliveries to webhook endpoints, the newest first. STATE is pending, delivered, dead or discarded.',
  options: {
    webhook: { type: 'string' },
    state: { type: 'string' },
    limit: { type: 'string' }
  },
  words: [0, 0],
  async run(typed, { ops }) {
    const query = new URLSearchParams()
    for (const name of ['webhook', 'state', 'limit']) {
      const value = textOption(typed, name)
      if (value !== undefined) query.set(name, value)
    }
    const path = `/ops/webhook-deliveries?${query}`
    const answer = await ops.call<{ deliveries: Delivery[] }>('GET', path)
    const number = answer.deliveries.length
    const counted = `${number} ${number === 1 ? 'delivery' : 'deliveries'}`
    return { json: answer, text: `${deliveryTable(answer.deliveries)}\n\n${counted}` }
  }
}
