import { type Static, Type } from 'typebox'
import type { Obstacle } from '../../../accounts/imports/account-imports.ts'
import {
  type ImportedAccount,
  ImportFault,
  importedAccount
} from '../../../accounts/imports/imported-account.ts'
import { isKnownCost } from '../../../accounts/passwords/hashes/hash-kinds.ts'
import { Claims } from '../../fields.ts'
import { operatorSource } from '../access/operator-source.ts'
import type { OpsRoutes } from '../ops-routes.ts'

const MOST_USERS = 500
const BODY_LIMIT_BYTES = 1024 * 1024

const words = (description: string, example: string) =>
  Type.Optional(Type.Array(Type.String({ examples: [example] }), { description }))
const text = (description: string, example: string) =>
  Type.Optional(Type.String({ description, examples: [example] }))
// The members are checked per user: one bad entry must not refuse the others.
const Foreign = Type.Object(
  {
    email: Type.String({ description: 'The e-mail address.', examples: ['ada@example.com'] }),
    passwordHash: text(
      'The hash of the other system, as it is. Required unless allowNoPassword is true.',
      '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'
    ),
    id: text(
      'The id that the account keeps, a UUID. Default: a new one.',
      '7f1b0a52-3c1e-4a53-9d0e-2b6b0c6f4c11'
    ),
    roles: words('Default: those of a new user.', 'user'),
    scope: words('Default: that of a new user.', 'orders:read'),
    claims: Type.Optional(Claims),
    disabled: Type.Optional(
      Type.Boolean({ examples: [false], description: 'Whether sign-in is blocked.' })
    ),
    createdAt: text('When the account was created. ISO 8601.', '2019-03-01T08:00:00Z')
  },
  { additionalProperties: false, title: 'ImportedUser' }
)
const Body = Type.Object(
  {
    users: Type.Array(Foreign, { maxItems: MOST_USERS, description: 'The users.' }),
    dryRun: Type.Optional(
      Type.Boolean({ examples: [false], description: 'Checks the users and stores nothing.' })
    ),
    allowNoPassword: Type.Optional(
      Type.Boolean({
        examples: [false],
        description: 'Accepts users without a hash, who cannot sign in yet.'
      })
    )
  },
  { additionalProperties: false, title: 'UserImport' }
)
const index = (description: string) => Type.Integer({ description, examples: [3] })
const Answer = Type.Object(
  {
    imported: Type.Integer({ description: 'How many users were imported.', examples: [498] }),
    existing: Type.Array(index('An index in users.'), {
      description: 'The users whose e-mail address already has an account, which does not change.'
    }),
    refused: Type.Array(
      Type.Object({
        index: index('The index in users.'),
        reason: Type.String({ description: 'Why.', examples: ['the id must be a UUID'] })
      }),
      { description: 'The users that were refused.' }
    )
  },
  { title: 'ImportReport' }
)

/**
 * Imports users of another system with their password hashes. Each hash is replaced at the first
 * login.
 */
export const importUsers: OpsRoutes = (service, { accounts, newUser, clock }) => {
  service.post(
    '/users/import',
    {
      schema: {
        operationId: 'importUsers',
        summary: 'Import users',
        description:
          'Imports users of another system with their password hashes. Each hash is replaced at the first login.',
        tags: ['Users'],
        successes: { 200: { description: 'The result for each user.' } },
        body: Body,
        response: { 200: Answer }
      },
      bodyLimit: BODY_LIMIT_BYTES
    },
    async (request) => {
      const { users, dryRun = false, allowNoPassword = false } = request.body
      const nowMs = clock()
      const costs = new Set((await accounts.passwordCosts()).filter(isKnownCost))
      const policy = { ...newUser, allowNoPassword, nowMs, costs }
      const judged = users.map((user) => judge(user, policy))
      const sound = judged.filter((one) => typeof one !== 'string')
      const found = dryRun
        ? await accounts.imports.tryOut(sound, nowMs)
        : await accounts.imports.store(sound, { source: operatorSource(request), clock })
      return importResponse(judged, new Map(sound.map((account, n) => [account, found[n] ?? null])))
    }
  )
}

/** The account, or the reason why it is refused. */
function judge(
  user: Static<typeof Foreign>,
  policy: Parameters<typeof importedAccount>[1]
): ImportedAccount | string {
  try {
    return importedAccount(user, policy)
  } catch (error) {
    if (error instanceof ImportFault) return error.message
    throw error
  }
}

function importResponse(
  judged: readonly (ImportedAccount | string)[],
  obstacles: ReadonlyMap<ImportedAccount, Obstacle | null>
): Static<typeof Answer> {
  const answer: Static<typeof Answer> = { imported: 0, existing: [], refused: [] }
  for (const [index, one] of judged.entries()) {
    if (typeof one === 'string') {
      answer.refused.push({ index, reason: one })
      continue
    }
    const obstacle = obstacles.get(one)
    if (obstacle === 'email') answer.existing.push(index)
    else if (obstacle === 'id') {
      answer.refused.push({ index, reason: 'another account has this id' })
    } else answer.imported += 1
  }
  return answer
}
