import { type User, userTable } from '../answers.ts'
import type { Command } from '../command.ts'

export const usersRoles: Command = {
  name: 'users roles',
  usage: 'ID [ROLE]…',
  summary:
    'Gives a user (by id or e-mail) these roles in place of the ones before. They are in the next access token.',
  words: [1, 65],
  async run({ positionals: [user = '', ...roles] }, ops) {
    const path = `/ops/users/${encodeURIComponent(user)}/roles`
    const answer = await ops.call<{ user: User }>('PUT', path, { roles })
    return { json: answer, text: userTable([answer.user]) }
  }
}
