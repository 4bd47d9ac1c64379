import type { Command } from '../../command.ts'
import { type Key, keyTable } from './key-responses.ts'

export const keysRevoke: Command = {
  name: 'keys revoke',
  usage: 'KID',
  summary:
    'For a leaked key: every gateway refuses its tokens within a second, and clients refresh. If it was the active key, another key becomes active.',
  words: [1, 1],
  confirm: ({ positionals: [kid] }) =>
    `Revoke the key ${kid} and make every gateway refuse its tokens?`,
  async run({ positionals: [kid = ''] }, { ops }) {
    const path = `/ops/keys/${encodeURIComponent(kid)}/revoke`
    const response = await ops.call<{ keys: Key[] }>('POST', path)
    return { json: response, text: keyTable(response.keys) }
  }
}
