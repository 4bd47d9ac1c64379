import { type Command, textOption } from '../../command.ts'
import { type Key, keyTable } from './key-responses.ts'

export const keysCreate: Command = {
  name: 'keys create',
  usage: '[--algorithm ALGORITHM]',
  summary:
    'Creates a standby key, which is published but does not sign. ALGORITHM is ES256, EdDSA or ' +
    'RS256; without it, AUTH_SIGNING_ALGORITHM.',
  options: { algorithm: { type: 'string' } },
  words: [0, 0],
  async run(typed, { ops }) {
    const algorithm = textOption(typed, 'algorithm')
    const body = algorithm === undefined ? {} : { algorithm }
    const response = await ops.call<{ key: Key }>('POST', '/ops/keys', body)
    return { json: response, text: keyTable([response.key]) }
  }
}
