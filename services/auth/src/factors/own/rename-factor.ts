import type { Account } from '../../accounts/account.ts'
import { lockForFactors } from '../factor-changes.ts'
import type { FactorPorts } from '../factor-ports.ts'
import { noSuchFactor } from '../factor-refusals.ts'

/**
 * Gives a confirmed factor another name, which only its user sees: no event and no notice.
 * @throws Refusal NOT_FOUND, SESSION_ENDED
 */
export const renameFactor = (
  { db, clock }: Pick<FactorPorts, 'db' | 'clock'>,
  { id: subject }: Pick<Account, 'id'>,
  { id, name, sid }: { readonly id: string; readonly name: string; readonly sid: string }
): Promise<void> =>
  db.transaction().execute(async (transaction) => {
    await lockForFactors(transaction, subject, { sid, nowMs: clock() })
    const app = await transaction
      .updateTable('factors')
      .set({ name })
      .where('id', '=', id)
      .where('subject', '=', subject)
      .where('confirmed_at', 'is not', null)
      .executeTakeFirstOrThrow()
    if (app.numUpdatedRows > 0n) return
    const passkey = await transaction
      .updateTable('passkeys')
      .set({ name })
      .where('id', '=', id)
      .where('subject', '=', subject)
      .executeTakeFirstOrThrow()
    if (passkey.numUpdatedRows === 0n) throw noSuchFactor()
  })
