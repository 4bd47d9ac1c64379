import type { Command } from '../../../command.ts'
import { count } from '../../../terminal/count.ts'
import { type User, userTable } from '../user-responses.ts'

export const usersDisable: Command = {
  name: 'users disable',
  usage: 'ID',
  summary: 'Ends every session of a user (by id or e-mail) and blocks sign-in.',
  words: [1, 1],
  confirm: ({ positionals: [user] }) => `Disable ${user} and end all of their sessions?`,
  async run({ positionals: [user = ''] }, { ops }) {
    const path = `/ops/users/${encodeURIComponent(user)}/disable`
    const response = await ops.call<{ user: User; ended: number }>('POST', path)
    return {
      json: response,
      text: `${userTable([response.user])}\n\n${count(response.ended, 'session')} ended`
    }
  }
}
