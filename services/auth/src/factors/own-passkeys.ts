import { randomBytes } from 'node:crypto'
import type { Account } from '../accounts/account.ts'
import { isUniqueViolation } from '../database/statements/unique-violation.ts'
import { BY_DEVICE_KEY, BY_SYNCED_KEY } from '../sessions/authentication.ts'
import { noteFactor } from '../sessions/durable/strengthen-session.ts'
import {
  type ConfirmedFactor,
  countAdded,
  type FactorChange,
  lockForFactors,
  MOST_FACTORS
} from './factor-changes.ts'
import type { FactorPorts } from './factor-ports.ts'
import { factorsOff, tooManyFactors } from './factor-refusals.ts'
import type { OwnFactor } from './own-factors.ts'
import { usePasskeyChallenge } from './passkeys/passkey-challenges.ts'
import { passkeyInvalid, passkeyTaken } from './passkeys/passkey-refusals.ts'
import {
  type NewPasskey,
  type PasskeyRegistration,
  registrationOptions,
  verifyRegistration
} from './passkeys/passkey-registration.ts'
import { ownPasskey } from './passkeys/passkey-store.ts'

/** A passkey that was added. */
export type AddedPasskey = ConfirmedFactor & { readonly passkey: OwnFactor }

/** @throws Refusal FORBIDDEN, CONFLICT */
function refuseMore({ policy }: FactorPorts, account: Account): void {
  if (policy.mode === 'off') throw factorsOff()
  if (account.factors >= MOST_FACTORS) throw tooManyFactors(MOST_FACTORS)
}

/** @throws Refusal FORBIDDEN if no passkey can be added here; CONFLICT if there are too many */
export async function askForPasskey(ports: FactorPorts, account: Account, sid: string) {
  refuseMore(ports, account)
  return await registrationOptions(ports, account, sid)
}

/** Stores a passkey that answers the options of `askForPasskey`, in the same session. */
export async function addPasskey(
  ports: FactorPorts,
  account: Account,
  added: { readonly name: string; readonly sid: string; readonly given: PasskeyRegistration },
  change: FactorChange
): Promise<AddedPasskey> {
  refuseMore(ports, account)
  const { db, mail } = ports
  const { id: subject, passwordVersion: password_version } = account
  const { name, sid, given } = added
  const made = await verifyRegistration(ports, given, { subject, sid })
  const row = { ...rowOf(made, change.clock()), subject, name, password_version }
  return await db.transaction().execute(async (transaction) => {
    const nowMs = change.clock()
    await lockForFactors(transaction, subject, { sid, nowMs })
    if (!(await usePasskeyChallenge(transaction, made.challenge))) {
      throw passkeyInvalid('another request has used the challenge')
    }
    await transaction.insertInto('passkeys').values(row).execute().catch(refuseTaken)
    const cause = { factor: 'passkey', sid, nowMs } as const
    const counted = await countAdded(transaction, account, cause, { ...change, mail })
    // The authenticator has verified its user, in this session.
    const methods = made.backupEligible ? BY_SYNCED_KEY : BY_DEVICE_KEY
    await noteFactor(transaction, { subject, sid }, methods)
    return { ...counted, passkey: ownPasskey({ ...row, used_at: null }) }
  })
}

/** A credential belongs to one account (WebAuthn §7.1, step 26). */
function refuseTaken(error: unknown): never {
  throw isUniqueViolation(error) ? passkeyTaken() : error
}

const rowOf = (made: NewPasskey, nowMs: number) => ({
  id: randomBytes(16).toString('base64url'),
  credential_id: made.credentialId,
  public_key: made.publicKey,
  counter: made.counter,
  transports: made.transports.join(' '),
  aaguid: made.aaguid,
  backup_eligible: made.backupEligible ? 1 : 0,
  backed_up: made.backedUp ? 1 : 0,
  created_at: Math.floor(nowMs / 1000)
})
