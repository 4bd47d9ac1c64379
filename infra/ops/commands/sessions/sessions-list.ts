import { type Command, textOption } from '../../command.ts'
import { BadUsage } from '../../failures.ts'
import { count } from '../../terminal/count.ts'
import { textTable } from '../../terminal/text-table.ts'

/** A session, in a response. */
type Session = {
  readonly id: string
  readonly createdAt: string
  readonly lastUsedAt: string
  readonly expiresAt: string
  readonly label: string
}

export const sessionsList: Command = {
  name: 'sessions list',
  usage: '--user ID',
  summary: 'Lists the live sessions of a user (by id or e-mail).',
  options: { user: { type: 'string' } },
  words: [0, 0],
  async run(typed, { ops }) {
    const user = textOption(typed, 'user')
    if (user === undefined) throw new BadUsage('--user is missing.')
    const path = `/ops/users/${encodeURIComponent(user)}/sessions`
    const response = await ops.call<{ sessions: Session[] }>('GET', path)
    const table = textTable(
      ['id', 'device', 'created', 'last used', 'expires'],
      response.sessions.map(({ id, label, createdAt, lastUsedAt, expiresAt }) => [
        id,
        label,
        createdAt,
        lastUsedAt,
        expiresAt
      ])
    )
    return { json: response, text: `${table}\n\n${count(response.sessions.length, 'session')}` }
  }
}
