import type { Command } from '../../../command.ts'
import { type User, userTable } from '../user-responses.ts'

export const usersEnable: Command = {
  name: 'users enable',
  usage: 'ID',
  summary: 'Allows a disabled user (by id or e-mail) to sign in again. Ended sessions stay ended.',
  words: [1, 1],
  async run({ positionals: [user = ''] }, { ops }) {
    const response = await ops.call<{ user: User }>(
      'POST',
      `/ops/users/${encodeURIComponent(user)}/enable`
    )
    return { json: response, text: userTable([response.user]) }
  }
}
