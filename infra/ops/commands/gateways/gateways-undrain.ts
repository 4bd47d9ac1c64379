import type { Command } from '../../command.ts'

export const gatewaysUndrain: Command = {
  name: 'gateways undrain',
  usage: 'GATEWAY',
  summary: 'Puts a drained gateway (by id or name) back into service.',
  words: [1, 1],
  async run({ positionals: [gateway = ''] }, { ops }) {
    const path = `/ops/gateways/${encodeURIComponent(gateway)}/undrain`
    const response = await ops.call<{ gateways: string[] }>('POST', path)
    return { json: response, text: `in service: ${response.gateways.join(' ')}` }
  }
}
