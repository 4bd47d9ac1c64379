import type { Command } from '../command.ts'

export const mailDrop: Command = {
  name: 'mail drop',
  usage: 'LETTER',
  summary: 'Drops a pending or dead letter, so that it is not sent.',
  words: [1, 1],
  confirm: ({ positionals: [id] }) => `Drop the letter ${id}?`,
  async run({ positionals: [id = ''] }, ops) {
    const path = `/ops/mail/${encodeURIComponent(id)}/drop`
    const answer = await ops.call<{ id: string }>('POST', path)
    return { json: answer, text: `${answer.id} is dropped` }
  }
}
