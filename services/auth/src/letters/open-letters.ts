import type { AuditLog } from '../audit/audit-log.ts'
import type { AuthConfig } from '../config.ts'
import type { Database } from '../database/open-database.ts'
import { emailChanges } from '../email-changes/email-changes.ts'
import { emailVerifications } from '../email-verifications/email-verifications.ts'
import { openMail } from '../mail/open-mail.ts'
import { passwordResets } from '../password-resets/password-resets.ts'
import type { Ports } from '../ports.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { SealingKeys } from '../secrets/seal.ts'
import { prepareLetters } from './prepare-letters.ts'

type LetterPorts = Pick<
  Ports,
  'log' | 'registry' | 'monotonicClock' | 'closing' | 'jobs' | 'cleanups'
> & {
  readonly database: Database
  readonly sealing: SealingKeys
  readonly ring: KeyRing
  readonly audit: AuditLog
  readonly clock: () => number
}

/** Letters to users, and what the links in them do. */
export function openLetters(config: AuthConfig, ports: LetterPorts) {
  const { database, sealing, audit, clock } = ports
  const db = database.tables
  const resetSeconds = config.AUTH_PASSWORD_RESET_SECONDS
  const verificationSeconds = config.AUTH_EMAIL_VERIFICATION_SECONDS
  const prepare = prepareLetters(db, { resetSeconds, verificationSeconds, sealing })
  const mail = openMail(config, { ...ports, prepare })
  return {
    mail,
    emailChanges: emailChanges({ db, mail, resetSeconds, clock }),
    emailVerifications: emailVerifications({ db, mail, sealing, audit, resetSeconds, clock }),
    passwordResets: passwordResets({ db, mail, audit, clock })
  }
}
