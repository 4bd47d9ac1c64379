import { type Secret, shownOnce } from '../answers.ts'
import type { Command } from '../command.ts'

export const clientsSecret: Command = {
  name: 'clients secret',
  usage: 'ID',
  summary:
    'Makes another secret of a machine client. The one before goes on working, older ones do not.',
  words: [1, 1],
  async run({ positionals: [client = ''] }, ops) {
    const path = `/ops/clients/${encodeURIComponent(client)}/secrets`
    const answer = await ops.call<Secret>('POST', path)
    return { json: answer, text: shownOnce(answer) }
  }
}
