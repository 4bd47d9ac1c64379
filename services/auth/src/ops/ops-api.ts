import type { Fleet } from '@gatehouse/fleet/fleet'
import type { Service } from '@gatehouse/http-service/build-service'
import type { AccountChanges } from '../accounts/account-changes.ts'
import type { AccountImports } from '../accounts/account-imports.ts'
import type { AccountStore } from '../accounts/account-store.ts'
import type { Passwords } from '../accounts/passwords.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clients } from '../clients/clients.ts'
import type { DatabaseStatus } from '../database/database-status.ts'
import type { Guesses } from '../guesses/guesses.ts'
import type { KeyOperations } from '../keys/key-operations.ts'
import type { StaleTokens } from '../revocations/stale-tokens.ts'
import type { NewUser } from '../routes/needs.ts'
import type { ListSessions } from '../sessions/list-sessions.ts'
import type { SessionEnds } from '../sessions/session-ends.ts'
import { auditRoutes } from './audit.ts'
import { clientRoutes } from './clients.ts'
import { createUser } from './create-user.ts'
import { databaseRoutes } from './database.ts'
import { deleteUser } from './delete-user.ts'
import { gatewayRoutes } from './gateways.ts'
import { importUsers } from './import-users.ts'
import { keyRoutes } from './keys.ts'
import { listUsers } from './list-users.ts'
import { type OperatorPolicy, requireOperator } from './require-operator.ts'
import { revokeTokens } from './revoke-tokens.ts'
import { sessionRoutes } from './sessions.ts'
import { setEmail } from './set-email.ts'
import { setPassword } from './set-password.ts'
import { setRoles } from './set-roles.ts'
import { setScope } from './set-scope.ts'
import { showUser } from './show-user.ts'
import { switchUser } from './switch-user.ts'

/** What operators' calls work with. */
export type OpsNeeds = {
  readonly accounts: AccountStore
  readonly accountChanges: AccountChanges
  readonly accountImports: AccountImports
  readonly passwords: Passwords
  readonly guesses: Guesses
  readonly listSessions: ListSessions
  readonly ends: SessionEnds
  readonly clients: Clients
  readonly keys: KeyOperations
  readonly fleet: Pick<Fleet, 'live'>
  readonly audit: AuditLog
  readonly stale: StaleTokens
  readonly databaseStatus: DatabaseStatus
  readonly newUser: NewUser
  readonly clock: () => number
}

/** One group of an operator's calls. */
export type OpsRoutes = (service: Service, needs: OpsNeeds) => void

const groups: OpsRoutes[] = [
  createUser,
  importUsers,
  listUsers,
  showUser,
  setRoles,
  setScope,
  setEmail,
  setPassword,
  switchUser,
  deleteUser,
  sessionRoutes,
  clientRoutes,
  keyRoutes,
  revokeTokens,
  gatewayRoutes,
  databaseRoutes,
  auditRoutes
]

/** What operators can do, on the private listener, behind a token of its own. */
export function opsApi(ops: Service, needs: OpsNeeds, policy: OperatorPolicy): void {
  ops.register(
    async (scope) => {
      scope.addHook('onRequest', requireOperator(policy))
      // The scope is the same service, under a prefix.
      for (const group of groups) group(scope as unknown as Service, needs)
    },
    { prefix: '/ops' }
  )
}
