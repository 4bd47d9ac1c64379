import type { Command } from '../../command.ts'
import { textTable } from '../../terminal/text-table.ts'

type Factor = {
  readonly id: string
  readonly type: string
  readonly name: string
  readonly createdAt: string
  readonly lastUsedAt: string | null
  readonly backedUp?: boolean
}

/** `backed up`: its user's other devices have a copy. */
const kindOf = ({ type, backedUp }: Factor): string => (backedUp ? `${type}, backed up` : type)

export const usersFactors: Command = {
  name: 'users factors',
  usage: 'ID',
  summary:
    'Lists the second factors of a user (by id or e-mail), and how many recovery codes are left.',
  words: [1, 1],
  async run({ positionals: [user = ''] }, { ops }) {
    const path = `/ops/users/${encodeURIComponent(user)}/factors`
    const response = await ops.call<{ factors: Factor[]; recoveryCodes: number }>('GET', path)
    const table = textTable(
      ['id', 'type', 'name', 'added', 'last used'],
      response.factors.map((factor) => [
        factor.id,
        kindOf(factor),
        factor.name,
        factor.createdAt,
        factor.lastUsedAt ?? ''
      ])
    )
    return { json: response, text: `${table}\n\nRecovery codes left: ${response.recoveryCodes}` }
  }
}
