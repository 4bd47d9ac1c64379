import type { Kysely } from 'kysely'
import { recipientOf } from '../accounts/email-addresses/recipient-of.ts'
import { prepareNotice } from '../accounts/prepare-notice.ts'
import type { Tables } from '../database/tables.ts'
import { prepareChangeLetter } from '../email-changes/prepare-change-letter.ts'
import {
  prepareConfirmation,
  prepareVerification
} from '../email-verifications/prepare-verification-letters.ts'
import type { PrepareLetters } from '../mail/sending/mail-channel.ts'
import { prepareResetLetter } from '../password-resets/prepare-reset-letter.ts'
import type { SealingKeys } from '../secrets/seal.ts'

type LetterOptions = {
  readonly resetSeconds: number
  readonly verificationSeconds: number
  readonly sealing: SealingKeys
}

/** The recipient of each letter, and what makes its token valid, by the folder of its subject. */
export function prepareLetters(
  db: Kysely<Tables>,
  { resetSeconds, verificationSeconds, sealing }: LetterOptions
): PrepareLetters {
  const notice = prepareNotice(db)
  return {
    'confirm-registration': prepareConfirmation(db, verificationSeconds, sealing),
    'verify-email': prepareVerification(db, verificationSeconds),
    'already-registered': notice,
    invitation: async (mail) => recipientOf(mail, {}),
    'new-device': notice,
    'refresh-reused': notice,
    'change-email': prepareChangeLetter(db, verificationSeconds),
    'email-changed': notice,
    'password-reset': prepareResetLetter(db, resetSeconds),
    'password-changed': notice,
    'factor-added': notice,
    'factor-removed': notice,
    'recovery-codes-replaced': notice,
    'recovery-code-used': notice,
    'passkey-suspected': notice,
    'identity-linked': notice,
    'identity-unlinked': notice,
    'deletion-requested': notice,
    'deletion-cancelled': notice,
    'account-exported': notice
  }
}
