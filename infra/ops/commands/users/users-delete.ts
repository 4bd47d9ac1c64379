import type { Command } from '../../command.ts'
import { count } from '../../terminal/count.ts'

export const usersDelete: Command = {
  name: 'users delete',
  usage: 'ID',
  summary:
    'Deletes a user (by id or e-mail) with their personal data, and ends all of their sessions. The audit log keeps their id.',
  words: [1, 1],
  confirm: ({ positionals: [user] }) =>
    `Delete ${user} and their personal data, for good, and end all of their sessions?`,
  async run({ positionals: [user = ''] }, { ops }) {
    const path = `/ops/users/${encodeURIComponent(user)}`
    const response = await ops.call<{ id: string; ended: number }>('DELETE', path)
    return {
      json: response,
      text: `${response.id} deleted\n\n${count(response.ended, 'session')} ended`
    }
  }
}
