import type { Kysely } from 'kysely'
import type { Account } from '../accounts/account.ts'
import type { FactorPolicy } from '../accounts/needs-factor.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import type { Mail } from '../mail/mail.ts'
import type { ChangeMarks } from '../revocations/change-marks.ts'
import type { SealingKeys } from '../secrets/seal.ts'
import type { Guesses } from '../throttling/guesses.ts'
import type { FactorMetrics } from './factor-metrics.ts'
import type { PasskeyPorts } from './passkeys/passkey-ports.ts'

/** A linked provider that a login uses. */
export type UsedIdentity = {
  /** of the link */
  readonly id: string
  /** the present address at the provider; null: none */
  readonly email: string | null
}

/**
 * Notes the use of a linked provider, in the transaction that completes its login.
 * @returns false if the provider is no longer linked, or must be linked again
 */
export type NoteIdentityUse = (
  transaction: Kysely<Tables>,
  identity: UsedIdentity,
  account: Pick<Account, 'id' | 'passwordVersion'>,
  nowMs: number
) => Promise<boolean>

/** What second factors depend on. */
export type FactorPorts = PasskeyPorts & {
  readonly sealing: SealingKeys
  readonly guesses: Guesses
  readonly audit: AuditLog
  readonly mail: Pick<Mail, 'add'>
  readonly marks: Pick<ChangeMarks, 'change'>
  readonly metrics: FactorMetrics
  readonly policy: FactorPolicy
  readonly noteIdentityUse: NoteIdentityUse
}
