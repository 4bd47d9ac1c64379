import type { RequestSource } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Database } from '../database/open-database.ts'
import { DAY_SECONDS } from '../day.ts'
import type { Mail } from '../mail/mail.ts'
import type { Ports } from '../ports.ts'
import type { StaleTokens } from '../revocations/stale-tokens.ts'
import type { Guesses } from '../throttling/guesses.ts'
import type { Account } from './account.ts'
import type { AccountConfig } from './account-settings.ts'
import { type AccountStore, accountStore } from './account-store.ts'
import { type AccountChanges, accountChanges } from './changes/account-changes.ts'
import { eraseTraces } from './changes/erase-traces.ts'
import { type CheckCredentials, credentialCheck } from './credentials/check-credentials.ts'
import {
  type ProvePasswordChange,
  passwordChangeProof
} from './credentials/password-change-proof.ts'
import { type PasswordChanges, passwordChanges } from './credentials/password-changes.ts'
import { type AccountDeletions, accountDeletions } from './deletions/account-deletions.ts'
import { deletionMetrics } from './deletions/deletion-metrics.ts'
import { eraseDue } from './deletions/erase-due.ts'
import { type AccountExports, accountExports } from './exports/account-exports.ts'
import { type AccountImports, accountImports } from './imports/account-imports.ts'
import { factorPolicyOf, needsFactor } from './needs-factor.ts'
import { openPasswords, type PasswordPorts } from './passwords/open-passwords.ts'
import type { PasswordConfig } from './passwords/password-settings.ts'
import type { Passwords } from './passwords/passwords.ts'
import { type Applicant, registerAccount } from './register-account.ts'

/** The accounts, and their passwords. */
export type Accounts = Omit<AccountStore, 'changePassword'> &
  PasswordChanges & {
    /** what operators change, apart from passwords */
    readonly changes: Omit<AccountChanges, 'setPassword'>
    readonly imports: AccountImports
    readonly deletions: AccountDeletions
    readonly exports: AccountExports
    readonly passwords: Passwords
    readonly checkCredentials: CheckCredentials
    readonly provePasswordChange: ProvePasswordChange
    /**
     * Creates an account.
     * @throws Refusal INVALID_REQUEST naming the member, CONFLICT if the address is taken,
     * UNAVAILABLE
     */
    register(applicant: Applicant, source: RequestSource): Promise<Account>
  }

type AccountPorts = Pick<Ports, 'jobs' | 'cleanups' | 'registry' | 'monotonicClock'> &
  PasswordPorts & {
    readonly database: Database
    readonly guesses: Guesses
    readonly mail: Pick<Mail, 'add' | 'languageFor'>
    readonly audit: AuditLog
    readonly revocations: { readonly stale: Pick<StaleTokens, 'now'> }
    readonly clock: () => number
  }

export function openAccounts(
  config: AccountConfig & PasswordConfig,
  ports: AccountPorts
): Accounts {
  const { guesses, mail, audit, clock } = ports
  const { tables } = ports.database
  const accounts = accountStore(tables)
  const changes = accountChanges(tables)
  const hashed = openPasswords(config, ports)
  const stale = ports.revocations.stale.now
  const graceSeconds = Math.round(config.AUTH_DELETION_GRACE_DAYS * DAY_SECONDS)
  ports.jobs.push({ name: 'erase deleted accounts', run: () => eraseTraces(tables) })
  ports.cleanups.push(() => eraseDue(tables, { stale, clock }))
  const overdue = deletionMetrics(ports.registry, tables, ports)
  ports.jobs.push({ name: 'look for overdue deletions', run: overdue })
  const policy = factorPolicyOf(config)
  const checkCredentials = credentialCheck({
    accounts,
    passwords: hashed,
    guesses,
    audit,
    needsFactor: (account) => needsFactor(account, policy)
  })
  return {
    ...accounts,
    ...passwordChanges({ accounts, changes, passwords: hashed, mail, clock }),
    changes,
    imports: accountImports(tables),
    deletions: accountDeletions({ db: tables, mail, graceSeconds, stale, clock }),
    exports: accountExports({ db: tables, mail, clock }),
    passwords: hashed,
    checkCredentials,
    provePasswordChange: passwordChangeProof({ passwords: hashed, checkCredentials, clock }),
    register: (applicant, source) =>
      registerAccount(applicant, source, { accounts, passwords: hashed, clock })
  }
}
