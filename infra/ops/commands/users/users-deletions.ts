import { type Command, textOption } from '../../command.ts'
import { textTable } from '../../terminal/text-table.ts'
import type { User } from './user-responses.ts'

export const usersDeletions: Command = {
  name: 'users deletions',
  usage: '[--limit NUMBER]',
  summary:
    'Lists the accounts that will be deleted because their users asked for it, the next ones first. ' +
    'To keep one, enable it.',
  options: { limit: { type: 'string' } },
  words: [0, 0],
  async run(typed, { ops }) {
    const query = new URLSearchParams({ limit: textOption(typed, 'limit') ?? '100' })
    const response = await ops.call<{ users: User[] }>('GET', `/ops/deletions?${query}`)
    const table = textTable(
      ['deleted at', 'id', 'e-mail', 'state'],
      response.users.map(({ deletionAt, id, email, disabled }) => [
        deletionAt ?? '',
        id,
        email,
        disabled ? 'disabled, so it stays' : 'coming'
      ])
    )
    return { json: response, text: table }
  }
}
