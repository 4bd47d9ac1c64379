import type { Command } from '../../command.ts'
import { count } from '../../terminal/count.ts'
import { originLines, type User, userTable } from './user-responses.ts'

type Shown = { user: User; passwordHash: string; sessions: number; providers?: string[] }

export const usersShow: Command = {
  name: 'users show',
  usage: 'ID',
  summary:
    'Shows one user (by id or e-mail), their claims, where their roles and claims come from, the kind of their ' +
    'password hash, their linked providers, and the number of their live sessions.',
  words: [1, 1],
  async run({ positionals: [user = ''] }, { ops }) {
    const path = `/ops/users/${encodeURIComponent(user)}`
    const response = await ops.call<Shown>('GET', path)
    const { user: shown, sessions, passwordHash, providers = [] } = response
    const lines = [
      userTable([shown]),
      '',
      `${count(sessions, 'live session')}, password hash: ${passwordHash}`,
      `linked providers: ${providers.length === 0 ? 'none' : providers.join(', ')}`,
      `claims: ${JSON.stringify(shown.claims)}`,
      ...originLines(shown)
    ]
    return { json: response, text: lines.join('\n') }
  }
}
