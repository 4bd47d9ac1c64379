import type { Command } from '../../command.ts'
import { type Secret, shownOnce } from './client-responses.ts'

export const clientsSecret: Command = {
  name: 'clients secret',
  usage: 'ID',
  summary:
    'Creates another secret for a machine client. The previous secret still works; older secrets do not.',
  words: [1, 1],
  async run({ positionals: [client = ''] }, { ops }) {
    const path = `/ops/clients/${encodeURIComponent(client)}/secrets`
    const response = await ops.call<Secret>('POST', path)
    return { json: response, text: shownOnce(response) }
  }
}
