import { type Static, Type } from 'typebox'
import type { Obstacle } from '../../accounts/account-imports.ts'
import { isKnownCost } from '../../accounts/hashes/hash-kinds.ts'
import {
  type ImportedAccount,
  ImportFault,
  importedAccount
} from '../../accounts/imported-account.ts'
import { opsOrigin } from './ops-origin.ts'
import type { OpsRoutes } from './ops-routes.ts'

const MOST_USERS = 500
const BODY_LIMIT_BYTES = 1024 * 1024

const Words = Type.Array(Type.String())
// The members are checked per user: one bad entry must not refuse the others.
const Foreign = Type.Object(
  {
    email: Type.String(),
    passwordHash: Type.Optional(Type.String()),
    id: Type.Optional(Type.String()),
    roles: Type.Optional(Words),
    scope: Type.Optional(Words),
    disabled: Type.Optional(Type.Boolean()),
    /** ISO 8601 */
    createdAt: Type.Optional(Type.String())
  },
  { additionalProperties: false }
)
const Body = Type.Object(
  {
    users: Type.Array(Foreign, { maxItems: MOST_USERS }),
    /** checks the users and stores nothing */
    dryRun: Type.Optional(Type.Boolean()),
    allowNoPassword: Type.Optional(Type.Boolean())
  },
  { additionalProperties: false }
)
const Answer = Type.Object({
  imported: Type.Integer(),
  /** the indexes of users whose e-mail address has an account already, which stays as it is */
  existing: Type.Array(Type.Integer()),
  refused: Type.Array(Type.Object({ index: Type.Integer(), reason: Type.String() }))
})

/**
 * Imports users of another system with their password hashes. Each hash is replaced at the first
 * login.
 */
export const importUsers: OpsRoutes = (service, { accounts, newUser, clock }) => {
  service.post(
    '/users/import',
    { schema: { body: Body, response: { 200: Answer } }, bodyLimit: BODY_LIMIT_BYTES },
    async (request) => {
      const { users, dryRun = false, allowNoPassword = false } = request.body
      const nowMs = clock()
      const costs = new Set((await accounts.passwordCosts()).filter(isKnownCost))
      const policy = { ...newUser, allowNoPassword, nowMs, costs }
      const judged = users.map((user) => judge(user, policy))
      const sound = judged.filter((one) => typeof one !== 'string')
      const found = dryRun
        ? await accounts.imports.tryOut(sound)
        : await accounts.imports.store(sound, { origin: opsOrigin(request), clock })
      return answerOf(judged, new Map(sound.map((account, n) => [account, found[n] ?? null])))
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

function answerOf(
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
