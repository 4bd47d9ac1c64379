import type { Command } from '../../command.ts'

export const webhooksDiscard: Command = {
  name: 'webhooks discard',
  usage: 'DELIVERY',
  summary: 'Discards a pending or dead delivery, so that later events of its subject do not wait.',
  words: [1, 1],
  confirm: ({ positionals: [id] }) => `Discard the delivery ${id}?`,
  async run({ positionals: [id = ''] }, { ops }) {
    const path = `/ops/webhook-deliveries/${encodeURIComponent(id)}/discard`
    const response = await ops.call<{ id: string }>('POST', path)
    return { json: response, text: `${response.id} is discarded` }
  }
}
