import type { Command } from '../../../command.ts'
import { count } from '../../../terminal/count.ts'

export const usersResetFactors: Command = {
  name: 'users reset-factors',
  usage: 'ID',
  summary:
    'Removes the second factors and recovery codes of a user (by id or e-mail) who has lost them, ends all of their sessions, and notifies the user by mail.',
  words: [1, 1],
  confirm: ({ positionals: [user] }) =>
    `Remove the second factors of ${user}, so that the password alone is enough, and end all of their sessions?`,
  async run({ positionals: [user = ''] }, { ops }) {
    const path = `/ops/users/${encodeURIComponent(user)}/factors`
    const response = await ops.call<{ removed: number; ended: number }>('DELETE', path)
    const text = `${count(response.removed, 'factor')} removed, ${count(response.ended, 'session')} ended`
    return { json: response, text }
  }
}
