import { type Command, textOption } from '../../command.ts'
import { type Delivery, deliveryTable } from './webhook-responses.ts'

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
    const response = await ops.call<{ deliveries: Delivery[] }>('GET', path)
    const number = response.deliveries.length
    const counted = `${number} ${number === 1 ? 'delivery' : 'deliveries'}`
    return { json: response, text: `${deliveryTable(response.deliveries)}\n\n${counted}` }
  }
}
