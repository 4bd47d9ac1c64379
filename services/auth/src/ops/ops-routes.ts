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
import type { InvitationStore } from '../invitations/invitation-store.ts'
import type { KeyOperations } from '../keys/key-operations.ts'
import type { StaleTokens } from '../revocations/stale-tokens.ts'
import type { NewUser } from '../routes/needs.ts'
import type { ListSessions } from '../sessions/list-sessions.ts'
import type { SessionEnds } from '../sessions/session-ends.ts'

/** What the operators' API depends on. */
export type OpsNeeds = {
  readonly accounts: AccountStore
  readonly accountChanges: AccountChanges
  readonly accountImports: AccountImports
  readonly invitations: InvitationStore
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

/** One group of routes of the operators' API. */
export type OpsRoutes = (service: Service, needs: OpsNeeds) => void
