import type { Command } from '../../command.ts'
import { type Key, keyTable } from './key-responses.ts'

export const keysActivate: Command = {
  name: 'keys activate',
  usage: 'KID [--force]',
  summary:
    'Makes a standby key active if every live gateway has it; otherwise names the gateways that ' +
    'do not. With --force, it signs at once, and gateways refuse its tokens until they have it.',
  options: { force: { type: 'boolean' } },
  words: [1, 1],
  async run({ positionals: [kid = ''], options }, { ops }) {
    const path = `/ops/keys/${encodeURIComponent(kid)}/activate`
    const body = { force: options.force === true }
    const response = await ops.call<{ keys: Key[] }>('POST', path, body)
    return { json: response, text: keyTable(response.keys) }
  }
}
