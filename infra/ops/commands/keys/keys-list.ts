import type { Command } from '../../command.ts'
import { count } from '../../terminal/count.ts'
import { type Key, keyTable } from './key-answers.ts'

export const keysList: Command = {
  name: 'keys list',
  usage: '',
  summary: 'Lists the current and former signing keys, the newest first.',
  words: [0, 0],
  async run(_typed, { ops }) {
    const answer = await ops.call<{ keys: Key[] }>('GET', '/ops/keys')
    return {
      json: answer,
      text: `${keyTable(answer.keys)}\n\n${count(answer.keys.length, 'key')}`
    }
  }
}
