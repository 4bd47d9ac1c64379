import { type Command, textOption } from '../../command.ts'
import { BadUsage } from '../../failures.ts'

export const webhooksRetry: Command = {
  name: 'webhooks retry',
  usage: 'DELIVERY | --webhook ID',
  summary:
    'Queues a dead delivery again, or all dead deliveries of an endpoint. Each gets all eleven attempts again.',
  options: { webhook: { type: 'string' } },
  words: [0, 1],
  async run(typed, { ops }) {
    const [delivery] = typed.positionals
    const webhook = textOption(typed, 'webhook')
    if ((delivery === undefined) === (webhook === undefined)) {
      throw new BadUsage(
        'Name a delivery, or use --webhook for all dead deliveries of an endpoint.'
      )
    }
    if (webhook !== undefined) {
      const path = `/ops/webhooks/${encodeURIComponent(webhook)}/retry`
      const response = await ops.call<{ retried: number }>('POST', path)
      return { json: response, text: `queued again: ${response.retried}` }
    }
    const path = `/ops/webhook-deliveries/${encodeURIComponent(delivery ?? '')}/retry`
    const response = await ops.call<{ id: string }>('POST', path)
    return { json: response, text: `${response.id} is queued again` }
  }
}
