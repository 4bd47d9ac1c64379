import type { Command } from '../../command.ts'
import { count } from '../../terminal/count.ts'
import { type Client, clientTable } from './client-responses.ts'

export const clientsList: Command = {
  name: 'clients list',
  usage: '',
  summary: 'Lists the machine clients, the oldest first.',
  words: [0, 0],
  async run(_typed, { ops }) {
    const response = await ops.call<{ clients: Client[] }>('GET', '/ops/clients')
    const table = clientTable(response.clients)
    return { json: response, text: `${table}\n\n${count(response.clients.length, 'client')}` }
  }
}
