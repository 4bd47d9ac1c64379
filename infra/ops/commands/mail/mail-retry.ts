import type { Command } from '../../command.ts'
import { BadUsage } from '../../failures.ts'

export const mailRetry: Command = {
  name: 'mail retry',
  usage: 'ID | --all',
  summary:
    'Queues a dead e-mail again, or all dead e-mails. Each is attempted as often as a new one.',
  options: { all: { type: 'boolean' } },
  words: [0, 1],
  async run({ positionals: [letter], options: { all = false } }, { ops }) {
    if ((letter === undefined) === (all === false)) {
      throw new BadUsage('Name an e-mail, or use --all for all dead e-mails.')
    }
    if (letter === undefined) {
      const response = await ops.call<{ retried: number }>('POST', '/ops/mail/retry')
      return { json: response, text: `queued again: ${response.retried}` }
    }
    const path = `/ops/mail/${encodeURIComponent(letter)}/retry`
    const response = await ops.call<{ id: string }>('POST', path)
    return { json: response, text: `${response.id} is queued again` }
  }
}
