import type { Command } from '../../command.ts'

export const gatewaysDrain: Command = {
  name: 'gateways drain',
  usage: 'GATEWAY [--force]',
  summary:
    'Takes a gateway (by id or name) out of service until it is undrained or restarts: /readyz is ' +
    '503, and clients connect again. Without --force, it is refused if no other gateway would serve clients.',
  options: { force: { type: 'boolean' } },
  words: [1, 1],
  async run({ positionals: [gateway = ''], options }, { ops }) {
    const path = `/ops/gateways/${encodeURIComponent(gateway)}/drain`
    const body = { force: options.force === true }
    const response = await ops.call<{ gateways: string[] }>('POST', path, body)
    return { json: response, text: `drained: ${response.gateways.join(' ')}` }
  }
}
