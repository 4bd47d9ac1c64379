import type { Command } from '../../command.ts'
import { count } from '../../terminal/count.ts'
import { type User, userTable } from './user-answers.ts'

type Shown = { user: User; passwordHash: string; sessions: number }

export const usersShow: Command = {
  name: 'users show',
  usage: 'ID',
  summary:
    'Shows one user (by id or e-mail), their claims, the kind of their password hash, and the number of their ' +
    'live sessions.',
  words: [1, 1],
  async run({ positionals: [user = ''] }, { ops }) {
    const path = `/ops/users/${encodeURIComponent(user)}`
    const answer = await ops.call<Shown>('GET', path)
    return {
      json: answer,
      text: `${userTable([answer.user])}\n\n${count(answer.sessions, 'live session')}, password hash: ${answer.passwordHash}\nclaims: ${JSON.stringify(answer.user.claims)}`
    }
  }
}
