import { canonicalEmail } from '../accounts/email.ts'
import type { Origin } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Guesses } from '../guesses/guesses.ts'
import type { Invitation } from './invitation.ts'
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
 * revoked, expired or for another address; RATE_LIMITED after too many of those; UNAVAILABLE
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
    // No e-mail address has a space in it, so no account shares this count.
    const own = await guesses.by({ email: `invitations ${network}`, network, device: null })
    await own.take()
    const found = await invitations.findBySecret(secret, clock())
    if (found?.state === 'open' && isFor(found, email)) {
      await own.succeeded()
      return found
    }
    await audit.write({ kind: 'invitation-refused', subject: null, sid: null, origin })
    throw invitationInvalid()
  }
}

const isFor = (invitation: Invitation, email: string): boolean =>
  invitation.email === null || invitation.email === canonicalEmail(email)
