import { Type } from 'typebox'
import type { Account } from '../../../accounts/account.ts'
import { LONGEST_EMAIL } from '../../../accounts/email-addresses/email.ts'
import { Claims, Ended, instant, instantOrNull, iso, stored, uuid } from '../../fields.ts'

const Roles = Type.Array(Type.String({ examples: ['editor'] }), { description: 'Roles.' })

const Provided = Type.Object(
  {
    provider: Type.String({ description: 'The id of the provider.', examples: ['acme'] }),
    identity: uuid('The id of the link, as in GET /ops/users/{user}/identities.'),
    roles: Roles,
    claims: Claims
  },
  { title: 'ProvidedRights', description: 'Rights that come from a linked provider.' }
)

/** A user as operators see it. */
export const User = Type.Object(
  {
    id: uuid('The permanent id of the account: sub in access tokens.'),
    ...stored,
    claims: Claims,
    assigned: Type.Object(
      { roles: Roles, claims: Claims },
      {
        title: 'AssignedRights',
        description:
          'The roles and claims that operators have set, or with which the account was created. Requests that replace roles or claims replace these.'
      }
    ),
    provided: Type.Array(Provided, {
      description: 'The roles and claims that come from linked providers, by their mapping.'
    }),
    disabled: Type.Boolean({ examples: [false], description: 'Whether sign-in is blocked.' }),
    emailVerified: Type.Boolean({
      examples: [true],
      description: 'Whether the owner of the address has proven it, or an operator has set it.'
    }),
    createdAt: instant('When the account was created.'),
    deletionAt: instantOrNull(
      'When the account will be deleted, because its user asked for it; null: it stays.'
    )
  },
  { title: 'OperatorUser', description: 'An account, as operators see it.' }
)

export const UserResponse = Type.Object({ user: User }, { title: 'UserResponse' })

/** A user, and the number of sessions that the request ended. */
export const UserWithEnded = Type.Object({ user: User, ended: Ended }, { title: 'UserWithEnded' })

/** The user of a request: an id or an e-mail address. */
export const UserParams = Type.Object({
  user: Type.String({
    minLength: 1,
    maxLength: LONGEST_EMAIL,
    description: 'The id or the e-mail address of the user.',
    examples: ['ada@example.com']
  })
})

/** What every request that names a user can answer. */
export const userProblems = { NOT_FOUND: 'There is no such user.' }

export function toUser(account: Account) {
  const { id, email, roles, scope, claims, assigned, provided } = account
  const { disabled, emailVerifiedAt, createdAt, deleteAfter } = account
  return {
    id,
    email,
    roles: [...roles],
    scope: [...scope],
    claims: { ...claims },
    assigned: { roles: [...assigned.roles], claims: { ...assigned.claims } },
    provided: provided.map(({ provider, identity, roles, claims }) => ({
      provider,
      identity,
      roles: [...roles],
      claims: { ...claims }
    })),
    disabled,
    emailVerified: emailVerifiedAt !== null,
    createdAt: iso(createdAt),
    deletionAt: deleteAfter === null ? null : iso(deleteAfter)
  }
}
