import type { Command } from '../../../command.ts'
import { type User, userTable } from '../user-responses.ts'

export const usersEmail: Command = {
  name: 'users email',
  usage: 'ID EMAIL',
  summary:
    'Replaces the e-mail address of a user (by id or e-mail), and verifies it. Sessions continue; the next access token has the new address.',
  words: [2, 2],
  async run({ positionals: [user = '', email] }, { ops }) {
    const path = `/ops/users/${encodeURIComponent(user)}/email`
    const response = await ops.call<{ user: User }>('PUT', path, { email })
    return { json: response, text: userTable([response.user]) }
  }
}
