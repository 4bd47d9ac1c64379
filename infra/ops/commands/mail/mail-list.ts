import { type Command, textOption } from '../../command.ts'
import { count } from '../../terminal/count.ts'
import { type Letter, letterTable } from './mail-responses.ts'

export const mailList: Command = {
  name: 'mail list',
  usage: '[--state STATE] [--limit NUMBER]',
  summary:
    'Lists e-mails to users, the newest first, without their addresses. STATE is pending, delivered, dead or discarded.',
  options: { state: { type: 'string' }, limit: { type: 'string' } },
  words: [0, 0],
  async run(typed, { ops }) {
    const query = new URLSearchParams()
    for (const name of ['state', 'limit']) {
      const value = textOption(typed, name)
      if (value !== undefined) query.set(name, value)
    }
    const response = await ops.call<{ letters: Letter[] }>('GET', `/ops/mail?${query}`)
    const counted = count(response.letters.length, 'e-mail')
    return { json: response, text: `${letterTable(response.letters)}\n\n${counted}` }
  }
}
