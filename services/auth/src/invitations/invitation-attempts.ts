import type { CallersGuesses, Guesses } from '../throttling/guesses.ts'
import type { Invitation } from './invitation.ts'

/**
 * Counts registrations with an invitation that did not create an account, for example because the
 * address has one (409), and slows them like wrong passwords. Such a registration does not use the
 * invitation, so its owner could otherwise find out which addresses have an account. The count
 * belongs to the invitation, not to the network of its owner, so other people cannot make the owner
 * wait.
 */
export const invitationAttempts = (guesses: Guesses, { id }: Invitation): Promise<CallersGuesses> =>
  // No e-mail address has a space in it, so no account shares this count.
  guesses.by({ email: `invitation ${id}`, network: 'any', device: null, credential: null })
