import { StartFault } from '@gatehouse/process/start-fault'
import type { Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { accountsAndKeys } from './migrations/0001-accounts-and-keys.ts'
import { auditEvents } from './migrations/0002-audit-events.ts'
import { machineClients } from './migrations/0003-machine-clients.ts'
import { passwordVersion } from './migrations/0004-password-version.ts'
import { auditIndexes } from './migrations/0005-audit-indexes.ts'
import { oneActiveKey } from './migrations/0006-one-active-key.ts'
import { keyLifecycle } from './migrations/0007-key-lifecycle.ts'
import { tokensNotBefore } from './migrations/0008-tokens-not-before.ts'
import { allTokensNotBefore } from './migrations/0009-all-tokens-not-before.ts'
import { passwordCosts } from './migrations/0010-password-costs.ts'
import { sessions } from './migrations/0011-sessions.ts'
import { rightsVersion } from './migrations/0012-rights-version.ts'
import { openSessions } from './migrations/0013-open-sessions.ts'
import { foreignPasswordCosts } from './migrations/0014-foreign-password-costs.ts'
import { invitations } from './migrations/0015-invitations.ts'
import { passwordChangeRequests } from './migrations/0016-password-change-requests.ts'
import { clientAudiences } from './migrations/0017-client-audiences.ts'
import { accountClaims } from './migrations/0018-account-claims.ts'
import { outbox } from './migrations/0019-outbox.ts'
import { webhooks } from './migrations/0020-webhooks.ts'
import { mail } from './migrations/0021-mail.ts'
import { emailVerification } from './migrations/0022-email-verification.ts'
import { erasures } from './migrations/0023-erasures.ts'
import { clientRoles } from './migrations/0024-client-roles.ts'
import { auditByKind } from './migrations/0025-audit-by-kind.ts'
import { typedAddresses } from './migrations/0026-typed-addresses.ts'
import { secondFactors } from './migrations/0027-second-factors.ts'
import { auditChain } from './migrations/0029-audit-chain.ts'
import { operators } from './migrations/0030-operators.ts'
import { operatorSessions } from './migrations/0031-operator-sessions.ts'
import { passkeys } from './migrations/0032-passkeys.ts'
import { auditNumbers } from './migrations/0033-audit-numbers.ts'
import { accountDeletions } from './migrations/0035-account-deletions.ts'
import { identities } from './migrations/0038-identities.ts'
import { numberOfPartitions } from './migrations/0039-number-of-partitions.ts'
import { challengeIdentities } from './migrations/0040-challenge-identities.ts'
import { providedRights } from './migrations/0042-provided-rights.ts'
import { changedAccounts } from './migrations/0044-changed-accounts.ts'
import { appliedMigrations, newerMigrations, standIn } from './newer-migrations.ts'
import type { Tables } from './tables.ts'

/** Every migration, in the order of the names. A released migration is never edited. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-accounts-and-keys': accountsAndKeys,
  '0002-audit-events': auditEvents,
  '0003-machine-clients': machineClients,
  '0004-password-version': passwordVersion,
  '0005-audit-indexes': auditIndexes,
  '0006-one-active-key': oneActiveKey,
  '0007-key-lifecycle': keyLifecycle,
  '0008-tokens-not-before': tokensNotBefore,
  '0009-all-tokens-not-before': allTokensNotBefore,
  '0010-password-costs': passwordCosts,
  '0011-sessions': sessions,
  '0012-rights-version': rightsVersion,
  '0013-open-sessions': openSessions,
  '0014-foreign-password-costs': foreignPasswordCosts,
  '0015-invitations': invitations,
  '0016-password-change-requests': passwordChangeRequests,
  '0017-client-audiences': clientAudiences,
  '0018-account-claims': accountClaims,
  '0019-outbox': outbox,
  '0020-webhooks': webhooks,
  '0021-mail': mail,
  '0022-email-verification': emailVerification,
  '0023-erasures': erasures,
  '0024-client-roles': clientRoles,
  '0025-audit-by-kind': auditByKind,
  '0026-typed-addresses': typedAddresses,
  '0027-second-factors': secondFactors,
  '0029-audit-chain': auditChain,
  '0030-operators': operators,
  '0031-operator-sessions': operatorSessions,
  '0032-passkeys': passkeys,
  '0033-audit-numbers': auditNumbers,
  '0035-account-deletions': accountDeletions,
  '0038-identities': identities,
  '0039-number-of-partitions': numberOfPartitions,
  '0040-challenge-identities': challengeIdentities,
  '0042-provided-rights': providedRights,
  '0044-changed-accounts': changedAccounts
}

/** What the database has of the migrations. */
export type MigrationState = {
  /** whether every migration that this version knows is applied */
  readonly isUpToDate: boolean
  /** the migrations that this version does not know, because a newer one has applied them */
  readonly newer: readonly string[]
}

/**
 * Kysely's migrator reads the whole catalog; this is much cheaper.
 * @throws StartFault if the applied migrations are not a beginning of those that this version knows
 */
export async function migrationState(
  database: Kysely<Tables>,
  known: Readonly<Record<string, Migration>> = migrations
): Promise<MigrationState> {
  const applied = (await appliedMigrations(database)).map(({ name }) => name)
  const newer = newerMigrations(applied, Object.keys(known))
  const expected = [...Object.keys(known), ...newer].sort()
  requireOneHistory(applied.toSorted(), expected)
  return { isUpToDate: applied.toSorted().join() === expected.join(), newer }
}

/**
 * Applies the missing migrations. Those of a newer version stay as they are.
 * @throws StartFault as `migrationState`; else the error of the first migration that failed
 */
export async function migrate(
  database: Kysely<Tables>,
  known: Readonly<Record<string, Migration>> = migrations
): Promise<MigrationState> {
  const state = await migrationState(database, known)
  if (state.isUpToDate) return state
  const standIns = Object.fromEntries(state.newer.map((name) => [name, standIn]))
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => ({ ...known, ...standIns }) }
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
  return { ...state, isUpToDate: true }
}

/** The migrations that the database does not have yet. */
export async function pendingMigrations(
  database: Kysely<Tables>,
  known: Readonly<Record<string, Migration>> = migrations
): Promise<Migration[]> {
  const applied = new Set((await appliedMigrations(database)).map(({ name }) => name))
  return Object.entries(known).flatMap(([name, migration]) => (applied.has(name) ? [] : migration))
}

/** @param expected sorted, like `applied` */
function requireOneHistory(applied: readonly string[], expected: readonly string[]): void {
  const at = applied.findIndex((name, index) => name !== expected[index])
  if (at === -1) return
  const name = applied[at]
  const fault = expected.includes(name ?? '')
    ? `has the migration ${name}, but not ${expected[at]}, which comes before it`
    : `has the migration ${name}, which this version does not know and which is not newer than its own`
  throw new StartFault(
    `the database ${fault}. It was migrated by a version from another branch: ` +
      'start a version of that branch, or restore a backup'
  )
}
