import type { Command } from '../../../command.ts'
import { type User, userTable } from '../user-answers.ts'

export const usersScope: Command = {
  name: 'users scope',
  usage: 'ID [SCOPE]…',
  summary:
    'Replaces the scope of a user (by id or e-mail). The next access token has the new scope.',
  words: [1, 65],
  async run({ positionals: [user = '', ...scope] }, { ops }) {
    const path = `/ops/users/${encodeURIComponent(user)}/scope`
    const answer = await ops.call<{ user: User }>('PUT', path, { scope })
    return { json: answer, text: userTable([answer.user]) }
  }
}
