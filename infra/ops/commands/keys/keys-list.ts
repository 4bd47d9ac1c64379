import type { Command } from '../../command.ts'
import { count } from '../../terminal/count.ts'
import { type Key, keyTable } from './key-responses.ts'

export const keysList: Command = {
  name: 'keys list',
  usage: '',
  summary: 'Lists the current and former signing keys, the newest first.',
  words: [0, 0],
  async run(_typed, { ops }) {
    const response = await ops.call<{ keys: Key[] }>('GET', '/ops/keys')
    return {
      json: response,
      text: `${keyTable(response.keys)}\n\n${count(response.keys.length, 'key')}`
    }
  }
}
