import type { Account } from '../../accounts/account.ts'
import { changeOrWait } from '../../revocations/change-marks.ts'
import { noteFactor } from '../../sessions/durable/strengthen-session.ts'
import { type FactorChange, lockForFactors, MOST_FACTORS } from '../factor-changes.ts'
import type { FactorPorts } from '../factor-ports.ts'
import { factorsOff, tooManyFactors } from '../factor-refusals.ts'
import {
  type PasskeyRegistration,
  registrationOptions,
  verifyRegistration
} from '../passkeys/passkey-registration.ts'
import { type AddedPasskey, methodsOf, storePasskey } from '../store-passkey.ts'

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
  asked: { readonly name: string; readonly sid: string; readonly given: PasskeyRegistration },
  change: FactorChange
): Promise<AddedPasskey> {
  refuseMore(ports, account)
  const { db, mail, marks } = ports
  const { id: subject } = account
  const { sid, given } = asked
  const made = await verifyRegistration(ports, given, { subject, within: sid })
  const added = await db.transaction().execute(async (transaction) => {
    await lockForFactors(transaction, subject, { sid, nowMs: change.clock() })
    const adding = { made, name: asked.name, sid }
    const stored = await storePasskey(transaction, account, adding, { ...change, mail })
    // The authenticator has verified its user, in this session.
    await noteFactor(transaction, { subject, sid }, methodsOf(made))
    return stored
  })
  await changeOrWait(marks, subject)
  return added
}
