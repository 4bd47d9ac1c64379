import { availableParallelism } from 'node:os'
import { shareOf } from '@gatehouse/settings/workers'
import type { RequestSource } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Database } from '../database/open-database.ts'
import type { Mail } from '../mail/assemble-mail.ts'
import type { Ports } from '../ports.ts'
import type { Guesses } from '../throttling/guesses.ts'
import type { Account } from './account.ts'
import { type AccountChanges, accountChanges } from './account-changes.ts'
import { type AccountImports, accountImports } from './account-imports.ts'
import type { AccountConfig } from './account-settings.ts'
import { type AccountStore, accountStore } from './account-store.ts'
import { type CheckCredentials, credentialCheck } from './check-credentials.ts'
import { eraseTraces } from './erase-traces.ts'
import { hashMetrics } from './hash-metrics.ts'
import { hashQueue, hashThreads } from './hash-queue.ts'
import { factorPolicyOf, needsFactor } from './needs-factor.ts'
import { type ProvePasswordChange, passwordChangeProof } from './password-change-proof.ts'
import { type PasswordChanges, passwordChanges } from './password-changes.ts'
import type { PasswordConfig } from './password-settings.ts'
import { type Passwords, passwords } from './passwords.ts'
import { type Applicant, registerAccount } from './register-account.ts'

/** The accounts, and their passwords. */
export type Accounts = Omit<AccountStore, 'changePassword'> &
  PasswordChanges & {
    /** what operators change, apart from passwords */
    readonly changes: Omit<AccountChanges, 'setPassword'>
    readonly imports: AccountImports
    readonly passwords: Passwords
    readonly checkCredentials: CheckCredentials
    readonly provePasswordChange: ProvePasswordChange
    /** As `registerAccount`. */
    register(applicant: Applicant, source: RequestSource): Promise<Account>
  }

type AccountPorts = Pick<Ports, 'registry' | 'jobs'> & {
  readonly database: Database
  readonly guesses: Guesses
  readonly mail: Pick<Mail, 'add' | 'languageFor'>
  readonly audit: AuditLog
  readonly clock: () => number
  /** for tests: verifies a hash */
  readonly verify?: Parameters<typeof passwords>[2]
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
  ports.jobs.push({ name: 'erase deleted accounts', run: () => eraseTraces(tables) })
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
    passwords: hashed,
    checkCredentials,
    provePasswordChange: passwordChangeProof({ passwords: hashed, checkCredentials, clock }),
    register: (applicant, source) =>
      registerAccount(applicant, source, { accounts, passwords: hashed, clock })
  }
}

/** Passwords, hashed at the configured cost. */
function openPasswords(config: PasswordConfig, { registry, verify }: AccountPorts): Passwords {
  const cost = {
    memoryKib: config.AUTH_PASSWORD_MEMORY_KIB,
    passes: config.AUTH_PASSWORD_PASSES,
    lanes: config.AUTH_PASSWORD_LANES
  }
  const { AUTH_PASSWORD_THREADS: threads, UV_THREADPOOL_SIZE: poolThreads, workers } = config
  const width =
    threads === undefined
      ? hashThreads(poolThreads, availableParallelism() / workers)
      : shareOf(threads, workers)
  const longest = Math.ceil(config.AUTH_PASSWORD_QUEUE / workers)
  return passwords(cost, hashQueue({ width, longest, watch: hashMetrics(registry) }), verify)
}
