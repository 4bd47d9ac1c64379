import type { Account } from '../accounts/account.ts'
import type { Accounts } from '../accounts/open-accounts.ts'
import { type Applicant, registerAccount } from '../accounts/register-account.ts'
import type { RequestSource } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Database } from '../database/open-database.ts'
import type { Ports } from '../ports.ts'
import type { Guesses } from '../throttling/guesses.ts'
import { type CheckInvitation, invitationCheck } from './check-invitation.ts'
import { forgetInvitations } from './forget-invitations.ts'
import type { Invitation } from './invitation.ts'
import { type InvitationStore, invitationStore } from './invitation-store.ts'
import { invitedAccounts } from './invited-accounts.ts'

/** Invitations to register. */
export type Invitations = InvitationStore & {
  readonly check: CheckInvitation
  /** Registers an account and uses the invitation, as `registerAccount` and `invitedAccounts`. */
  redeem(invitation: Invitation, applicant: Applicant, source: RequestSource): Promise<Account>
}

type InvitationPorts = Pick<Ports, 'cleanups'> & {
  readonly database: Database
  readonly accounts: Pick<Accounts, 'passwords'>
  readonly guesses: Guesses
  readonly audit: AuditLog
  readonly clock: () => number
}

export function openInvitations(ports: InvitationPorts): Invitations {
  const { guesses, audit, cleanups, clock } = ports
  const { passwords } = ports.accounts
  const { tables } = ports.database
  const invitations = invitationStore(tables)
  cleanups.push(forgetInvitations(tables, clock))
  return {
    ...invitations,
    check: invitationCheck({ invitations, guesses, audit, clock }),
    redeem(invitation, applicant, source) {
      const accounts = invitedAccounts({ invitations, guesses }, invitation)
      return registerAccount(applicant, source, { accounts, passwords, clock })
    }
  }
}
