import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Account } from '../accounts/account.ts'
import { storedList } from '../database/statements/stored-list.ts'
import { isUniqueViolation } from '../database/statements/unique-violation.ts'
import type { Tables } from '../database/tables.ts'
import type { Mail } from '../mail/mail.ts'
import { BY_DEVICE_KEY, BY_SYNCED_KEY } from '../sessions/authentication.ts'
import { type ConfirmedFactor, countAdded, type FactorChange } from './factor-changes.ts'
import { usePasskeyChallenge } from './passkeys/passkey-challenges.ts'
import { passkeyInvalid, passkeyTaken } from './passkeys/passkey-refusals.ts'
import type { NewPasskey } from './passkeys/passkey-registration.ts'
import { ownPasskey } from './passkeys/passkey-store.ts'

/** A passkey that was added. */
export type AddedPasskey = ConfirmedFactor & { readonly passkey: ReturnType<typeof ownPasskey> }

/** A verified passkey, its name, and the session that adds it; null: a login. */
type Adding = {
  readonly made: NewPasskey
  readonly name: string
  readonly sid: string | null
}

/**
 * Stores a passkey, in a transaction that has locked the account.
 * @throws Refusal INVALID_REQUEST if its challenge was used; CONFLICT if it was added before, or
 * the account has too many factors
 */
export async function storePasskey(
  transaction: Kysely<Tables>,
  account: Account,
  { made, name, sid }: Adding,
  change: FactorChange & { readonly mail: Pick<Mail, 'add'> }
): Promise<AddedPasskey> {
  const { id: subject, passwordVersion: password_version } = account
  const nowMs = change.clock()
  const row = { ...rowOf(made, nowMs), subject, name, password_version }
  if (!(await usePasskeyChallenge(transaction, made.challenge))) {
    throw passkeyInvalid('another request has used the challenge')
  }
  await transaction.insertInto('passkeys').values(row).execute().catch(refuseTaken)
  const cause = { factor: 'passkey', sid, nowMs } as const
  const counted = await countAdded(transaction, account, cause, change)
  return { ...counted, passkey: ownPasskey({ ...row, used_at: null }) }
}

/** What a new passkey proves: its authenticator has verified its user. */
export const methodsOf = ({ backupEligible }: NewPasskey): readonly string[] =>
  backupEligible ? BY_SYNCED_KEY : BY_DEVICE_KEY

/** A credential belongs to one account (WebAuthn §7.1, step 26). */
function refuseTaken(error: unknown): never {
  throw isUniqueViolation(error) ? passkeyTaken() : error
}

const rowOf = (made: NewPasskey, nowMs: number) => ({
  id: randomBytes(16).toString('base64url'),
  credential_id: made.credentialId,
  public_key: made.publicKey,
  counter: made.counter,
  transports: storedList(made.transports),
  aaguid: made.aaguid,
  backup_eligible: made.backupEligible ? 1 : 0,
  backed_up: made.backedUp ? 1 : 0,
  created_at: Math.floor(nowMs / 1000)
})
