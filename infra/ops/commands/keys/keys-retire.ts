import type { Command } from '../../command.ts'
import { type Key, keyTable } from './key-responses.ts'

export const keysRetire: Command = {
  name: 'keys retire',
  usage: 'KID',
  summary: 'Withdraws a key that has never signed, or whose last token has expired.',
  words: [1, 1],
  async run({ positionals: [kid = ''] }, { ops }) {
    const path = `/ops/keys/${encodeURIComponent(kid)}/retire`
    const response = await ops.call<{ key: Key }>('POST', path)
    return { json: response, text: keyTable([response.key]) }
  }
}
