import { canonicalEmail } from '../accounts/email-addresses/email.ts'
import type { RequestSource } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Guesses } from '../throttling/guesses.ts'
import type { Invitation } from './invitation.ts'
import { invitationAttempts } from './invitation-attempts.ts'
import { invitationInvalid } from './invitation-refusals.ts'
import type { InvitationStore } from './invitation-store.ts'

type PresentedInvitation = {
  readonly secret: string
  /** the address that registers */
  readonly email: string
  readonly source: RequestSource
}

/**
 * Finds the open invitation of a secret, for this address. Does not use it.
 * @throws Refusal FORBIDDEN, the same for an unknown secret and for an invitation that is used,
 * revoked, expired or for another address; RATE_LIMITED after too many registrations of taken
 * addresses with this invitation; UNAVAILABLE
 */
export type CheckInvitation = (presented: PresentedInvitation) => Promise<Invitation>

export function invitationCheck(options: {
  invitations: Pick<InvitationStore, 'findBySecret'>
  guesses: Guesses
  audit: AuditLog
  clock: () => number
}): CheckInvitation {
  const { invitations, guesses, audit, clock } = options
  return async ({ secret, email, source }) => {
    const found = await invitations.findBySecret(secret, clock())
    if (found?.state === 'open' && isFor(found, email)) {
      const attempts = await invitationAttempts(guesses, found)
      await attempts.refuseEarly()
      return found
    }
    // Misses are not counted as guesses. 256 random bits cannot be found by guessing, and a miss
    // costs no hash: a caller with many networks could fill the table that counts guesses at all
    // accounts.
    await audit.write({ kind: 'invitation-refused', subject: null, sid: null, source })
    throw invitationInvalid()
  }
}

const isFor = (invitation: Invitation, email: string): boolean =>
  invitation.email === null || invitation.email === canonicalEmail(email)
