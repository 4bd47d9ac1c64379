import { type Command, textOption } from '../../command.ts'
import { count } from '../../terminal/count.ts'
import { shellWord } from '../../terminal/terminal-text.ts'
import { type User, userTable } from './user-responses.ts'

type Page = { users: User[]; next: string | null }

export const usersList: Command = {
  name: 'users list',
  usage: '[--limit NUMBER] [--after EMAIL]',
  summary: 'Lists the users in the order of their e-mail addresses, 100 at a time.',
  options: { limit: { type: 'string' }, after: { type: 'string' } },
  words: [0, 0],
  async run(typed, { ops }) {
    const query = new URLSearchParams({
      limit: textOption(typed, 'limit') ?? '100',
      after: textOption(typed, 'after') ?? ''
    })
    const page = await ops.call<Page>('GET', `/ops/users?${query}`)
    const more = page.next === null ? '' : `\n\nMore: --after=${shellWord(page.next)}`
    return {
      json: page,
      text: `${userTable(page.users)}\n\n${count(page.users.length, 'user')}${more}`
    }
  }
}
