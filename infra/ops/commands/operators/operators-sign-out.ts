import type { Command } from '../../command.ts'
import { count } from '../../terminal/count.ts'

export const operatorsSignOut: Command = {
  name: 'operators sign-out',
  usage: '[NAME]',
  summary:
    'Ends all sessions of an operator in the console; without NAME, your own. The token still works.',
  words: [0, 1],
  async run({ positionals: [name = 'me'] }, { ops }) {
    const path = `/ops/operators/${encodeURIComponent(name)}/sessions`
    const response = await ops.call<{ name: string; ended: number }>('DELETE', path)
    return { json: response, text: `${count(response.ended, 'session')} of ${response.name} ended` }
  }
}
