import { canonicalEmail } from '../accounts/email.ts'
import type { Origin } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Guesses } from '../guesses/guesses.ts'
import type { Invitation } from './invitation.ts'
import { invitationAttempts } from './invitation-attempts.ts'
import { invitationInvalid } from './invitation-refusals.ts'
import type { InvitationStore } from './invitation-store.ts'

export type PresentedInvitation = {
  readonly secret: string
  /** the address that registers */
  readonly email: string
  /** the network of the client; wrong secrets are counted by it */
  readonly network: string
  readonly origin: Origin
}

/**
 * Finds the open invitation of a secret, for this address. Does not use it.
 * @throws Refusal FORBIDDEN, the same for an unknown secret and for an invitation that is used,
 * revoked, expired or for another address; RATE_LIMITED after too many of those from the network, or
 * after too many registrations of taken addresses with this invitation; UNAVAILABLE
 */
export type CheckInvitation = (presented: PresentedInvitation) => Promise<Invitation>

export function invitationCheck(needs: {
  invitations: Pick<InvitationStore, 'findBySecret'>
  guesses: Guesses
  audit: AuditLog
  clock: () => number
}): CheckInvitation {
  const { invitations, guesses, audit, clock } = needs
  return async ({ secret, email, network, origin }) => {
    const found = await invitations.findBySecret(secret, clock())
    if (found?.state === 'open' && isFor(found, email)) {
      const attempts = await invitationAttempts(guesses, found)
      await attempts.refuseEarly()
      return found
    }
    // Only misses wait, so that nobody with an invitation waits for the misses of neighbours. Nobody
    // finds one of 256 random bits by guessing; the wait bounds the work and the audit events.
    // No e-mail address has a space in it, so no account shares this count.
    const misses = await guesses.by({
      email: `invitations ${network}`,
      network,
      device: null,
      credential: null
    })
    await misses.take()
    await audit.write({ kind: 'invitation-refused', subject: null, sid: null, origin })
    throw invitationInvalid()
  }
}

const isFor = (invitation: Invitation, email: string): boolean =>
  invitation.email === null || invitation.email === canonicalEmail(email)
