import type { Command } from '../../command.ts'

export const mailDiscard: Command = {
  name: 'mail discard',
  usage: 'ID',
  summary: 'Discards a pending or dead e-mail, so that it is not sent.',
  words: [1, 1],
  confirm: ({ positionals: [id] }) => `Discard the e-mail ${id}?`,
  async run({ positionals: [id = ''] }, { ops }) {
    const path = `/ops/mail/${encodeURIComponent(id)}/discard`
    const response = await ops.call<{ id: string }>('POST', path)
    return { json: response, text: `${response.id} is discarded` }
  }
}
