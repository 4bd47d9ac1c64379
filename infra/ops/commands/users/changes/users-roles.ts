import type { Command } from '../../../command.ts'
import { type User, userTable } from '../user-responses.ts'

export const usersRoles: Command = {
  name: 'users roles',
  usage: 'ID [ROLE]…',
  summary:
    'Replaces the roles of a user (by id or e-mail). The next access token has the new roles.',
  words: [1, 65],
  async run({ positionals: [user = '', ...roles] }, { ops }) {
    const path = `/ops/users/${encodeURIComponent(user)}/roles`
    const response = await ops.call<{ user: User }>('PUT', path, { roles })
    return { json: response, text: userTable([response.user]) }
  }
}
