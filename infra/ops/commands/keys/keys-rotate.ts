import { type Command, textOption } from '../../command.ts'
import { type Key, keyTable } from './key-responses.ts'

export const keysRotate: Command = {
  name: 'keys rotate',
  usage: '[--algorithm ALGORITHM]',
  summary:
    'Makes a new key (or the existing standby key) active once every live gateway has it. The previous key retires by itself when its last token has expired.',
  options: { algorithm: { type: 'string' } },
  words: [0, 0],
  async run(typed, { ops }) {
    const algorithm = textOption(typed, 'algorithm')
    const body = algorithm === undefined ? {} : { algorithm }
    const response = await ops.call<{ keys: Key[] }>('POST', '/ops/keys/rotate', body)
    return { json: response, text: keyTable(response.keys) }
  }
}
