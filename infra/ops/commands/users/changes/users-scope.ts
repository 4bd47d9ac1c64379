import type { Command } from '../../../command.ts'
import { type User, userTable } from '../user-responses.ts'

export const usersScope: Command = {
  name: 'users scope',
  usage: 'ID [SCOPE]…',
  summary:
    'Replaces the scope of a user (by id or e-mail). The next access token has the new scope.',
  words: [1, 65],
  async run({ positionals: [user = '', ...scope] }, { ops }) {
    const path = `/ops/users/${encodeURIComponent(user)}/scope`
    const response = await ops.call<{ user: User }>('PUT', path, { scope })
    return { json: response, text: userTable([response.user]) }
  }
}
