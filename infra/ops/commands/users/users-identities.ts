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
  /** absent in responses of an earlier version */
  readonly provided?: {
    readonly roles: readonly Origin[]
    readonly claims: readonly Origin[]
  }
}

/** A role or claim, and the claim of the provider from which it comes. */
type Origin = {
  readonly role?: string
  readonly name?: string
  readonly claim: string
  readonly value: unknown
}

export const usersIdentities: Command = {
  name: 'users identities',
  usage: 'ID',
  summary:
    'Lists the other providers with which a user (by id or e-mail) can sign in, and the rights that each gives.',
  words: [1, 1],
  async run({ positionals: [user = ''] }, { ops }) {
    const path = `/ops/users/${encodeURIComponent(user)}/identities`
    const response = await ops.call<{ identities: Identity[] }>('GET', path)
    const text = textTable(
      ['id', 'provider', 'address there', 'linked', 'last used', 'signs in', 'gives'],
      response.identities.map((identity) => [
        identity.id,
        identity.provider ?? identity.issuer,
        identity.email ?? '',
        identity.createdAt,
        identity.lastUsedAt ?? '',
        identity.opensSession ? 'yes' : 'no, the password has changed',
        givenBy(identity)
      ])
    )
    return { json: response, text }
  }
}

const givenBy = ({ provided }: Identity): string =>
  [...(provided?.roles ?? []), ...(provided?.claims ?? [])]
    .map(({ role, name, claim, value }) =>
      role === undefined
        ? `${name}=${JSON.stringify(value)} (${claim})`
        : `${role} (${claim} is ${JSON.stringify(value)})`
    )
    .join(', ')
