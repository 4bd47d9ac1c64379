import type { Kysely } from 'kysely'
import { insertAccount } from '../accounts/account-store.ts'
import { lockAccount } from '../accounts/lock-account.ts'
import { otherPassword } from '../accounts/passwords/other-password.ts'
import type { By, RequestSource } from '../audit/audit-event.ts'
import { type AuditLog, writeAudit } from '../audit/audit-log.ts'
import { endSessions } from '../database/end-sessions.ts'
import type { Tables } from '../database/tables.ts'
import { InvitationNotOpen, useInvitation } from '../invitations/invitation-store.ts'
import { tokenInvalid } from '../link-tokens/link-refusals.ts'
import {
  findToken,
  isUsable,
  type LinkToken,
  spendTokens,
  useToken
} from '../link-tokens/link-tokens.ts'
import {
  type PendingRegistration,
  unsealRegistration
} from '../link-tokens/pending-registration.ts'
import type { Mail } from '../mail/mail.ts'
import type { QueuedMail, Reader } from '../mail/queue/queued-mail.ts'
import { resetTokenFor } from '../password-resets/reset-token.ts'
import type { SealingKeys } from '../secrets/seal.ts'
import { isFromPage, newPageSecret, pageDigest } from './page-secret.ts'

/** The result of a verification. */
type Verified = {
  readonly id: string
  /** the sessions that it ended: the caller must publish them to the session store */
  readonly ended: readonly string[]
  /** sets a password; null if the account keeps the one that it has */
  readonly resetToken: string | null
}

/** Verifies that users own their e-mail addresses. */
export type EmailVerifications = {
  /**
   * Queues a letter with a link that completes a registration and creates the account. Does the
   * same work if the address already has an account; then its owner gets a different letter.
   * @returns the secret of the page
   * @throws Refusal UNAVAILABLE
   */
  register(email: string, registration: PendingRegistration, reader: Reader): Promise<string>
  /**
   * Queues the first letter of an account that the same request has created.
   * @returns the secret of the page
   * @throws Refusal UNAVAILABLE
   */
  sendFirst(email: string, reader: Reader): Promise<string>
  /**
   * Queues a letter with a link that verifies the address of an account, if it is not verified.
   * Does the same work for every address.
   * @param pageSecret counts for this letter too if it counts for an earlier one of the account
   * @returns the same secret; without one, a new one that counts for no letter
   * @throws Refusal UNAVAILABLE
   */
  sendFurther(email: string, pageSecret: string | undefined, reader: Reader): Promise<string>
  /**
   * Verifies an address. Unless the secret of the page comes with the token, this removes the
   * password and ends the sessions of the account: a stranger may have made them.
   * @throws Refusal FORBIDDEN, the same for every cause
   */
  verify(token: string, pageSecret: string | undefined, by: By): Promise<Verified>
}

type VerificationPorts = {
  readonly db: Kysely<Tables>
  readonly mail: Pick<Mail, 'request'>
  readonly sealing: SealingKeys
  readonly audit: AuditLog
  /** how long the token that sets a password works */
  readonly resetSeconds: number
  readonly clock: () => number
}

export function emailVerifications(ports: VerificationPorts): EmailVerifications {
  const { db, mail, clock } = ports
  const request = (email: string, reader: Reader, page: Pick<QueuedMail, 'page' | 'claimedPage'>) =>
    mail.request({ letter: 'verify-email', email, subject: null, ...reader, ...page }, clock())
  return {
    async register(email, registration, reader) {
      const secret = newPageSecret()
      const page = pageDigest(secret)
      const letter = { letter: 'confirm-registration', email, subject: null, ...reader } as const
      await mail.request({ ...letter, page, registration }, clock())
      return secret
    },
    async sendFirst(email, reader) {
      const secret = newPageSecret()
      await request(email, reader, { page: pageDigest(secret) })
      return secret
    },
    async sendFurther(email, pageSecret, reader) {
      const secret = pageSecret ?? newPageSecret()
      await request(email, reader, { claimedPage: pageDigest(secret) })
      return secret
    },
    async verify(text, pageSecret, by) {
      const found =
        (await findToken(db, text, 'registration')) ??
        (await findToken(db, text, 'email-verification'))
      if (found === null || !isUsable(found, clock())) return await refuse(ports, found, by.source)
      const isOwn = isFromPage(pageSecret, found.page_digest)
      const work = found.purpose === 'registration' ? openAccount : verifyAccount
      try {
        return await db
          .transaction()
          .execute((transaction) => work(transaction, { ...ports, token: found, isOwn, by }))
      } catch (error) {
        throw error instanceof InvitationNotOpen ? tokenInvalid() : error
      }
    }
  }
}

async function refuse(
  { audit }: VerificationPorts,
  token: LinkToken | null,
  source: RequestSource
): Promise<never> {
  const subject = token === null || token.subject === '' ? null : token.subject
  await audit.write({ kind: 'mail-token-refused', subject, sid: null, source })
  throw tokenInvalid()
}

type Work = Pick<VerificationPorts, 'sealing' | 'resetSeconds'> & {
  readonly token: LinkToken
  /** whether the token comes from the page that registered */
  readonly isOwn: boolean
  readonly by: By
}

/** Makes an account of a registration whose address is proven. */
async function openAccount(
  transaction: Kysely<Tables>,
  { token, isOwn, by, sealing, resetSeconds }: Work
): Promise<Verified> {
  const nowMs = by.clock()
  const { email } = token
  const registration = unsealRegistration(token.payload, sealing, email)
  if (registration === null || !(await useToken(transaction, token, nowMs))) throw tokenInvalid()
  const { roles, scope, invitation, emailTyped = null } = registration
  const passwordHash = isOwn ? registration.passwordHash : ''
  const newcomer = { email, emailTyped, passwordHash, roles, scope, emailVerified: true }
  const account = await insertAccount(transaction, newcomer, by)
  // Another registration of the address came first.
  if (account === null) throw tokenInvalid()
  if (invitation !== null) await useInvitation(transaction, invitation, account, by)
  await noteVerified(transaction, account.id, by, nowMs)
  const resetToken = isOwn ? null : await resetTokenFor(transaction, account, resetSeconds, nowMs)
  return { id: account.id, ended: [], resetToken }
}

/** Verifies the address of an existing account. */
async function verifyAccount(
  transaction: Kysely<Tables>,
  { token, isOwn, by, resetSeconds }: Work
): Promise<Verified> {
  const id = token.subject
  await lockAccount(transaction, id)
  const nowMs = by.clock()
  if (!(await useToken(transaction, token, nowMs))) throw tokenInvalid()
  const row = await transaction
    .updateTable('accounts')
    .set({ email_verified_at: Math.floor(nowMs / 1000), ...(isOwn ? {} : otherPassword('')) })
    .where('id', '=', id)
    .where('email', '=', token.email)
    .where('password_version', '=', token.password_version)
    .where('email_verified_at', 'is', null)
    .where('disabled_at', 'is', null)
    .returning(['email', 'password_version'])
    .executeTakeFirst()
  if (row === undefined) throw tokenInvalid()
  await noteVerified(transaction, id, by, nowMs)
  if (isOwn) return { id, ended: [], resetToken: null }
  await spendTokens(transaction, id, nowMs)
  const ended = await endSessions(transaction, id, null, nowMs)
  const about = { subject: id, sid: null, source: by.source, detail: { ended: ended.length } }
  await writeAudit(transaction, { kind: 'logout-all', ...about }, nowMs)
  const owner = { id, email: row.email, passwordVersion: row.password_version }
  return { id, ended, resetToken: await resetTokenFor(transaction, owner, resetSeconds, nowMs) }
}

const noteVerified = (transaction: Kysely<Tables>, id: string, { source }: By, nowMs: number) =>
  writeAudit(transaction, { kind: 'email-verified', subject: id, sid: null, source }, nowMs)
