import type { Command } from '../../command.ts'
import { textTable } from '../../terminal/text-table.ts'

type Identity = {
  readonly id: string
  readonly provider: string | null
  readonly issuer: string
  readonly email: string | null
  readonly createdAt: string
  readonly lastUsedAt: string | null
  readonly opensSession: boolean
}

export const usersIdentities: Command = {
  name: 'users identities',
  usage: 'ID',
  summary: 'Lists the other providers with which a user (by id or e-mail) can sign in.',
  words: [1, 1],
  async run({ positionals: [user = ''] }, { ops }) {
    const path = `/ops/users/${encodeURIComponent(user)}/identities`
    const response = await ops.call<{ identities: Identity[] }>('GET', path)
    const text = textTable(
      ['id', 'provider', 'address there', 'linked', 'last used', 'signs in'],
      response.identities.map((identity) => [
        identity.id,
        identity.provider ?? identity.issuer,
        identity.email ?? '',
        identity.createdAt,
        identity.lastUsedAt ?? '',
        identity.opensSession ? 'yes' : 'no, the password has changed'
      ])
    )
    return { json: response, text }
  }
}
