import type { AccountStore } from '../accounts/account-store.ts'
import type { CallersGuesses, Guesses } from '../throttling/guesses.ts'
import type { Invitation } from './invitation.ts'
import { invitationAttempts } from './invitation-attempts.ts'
import { invitationInvalid } from './invitation-refusals.ts'
import type { InvitationStore } from './invitation-store.ts'

/**
 * Creates accounts and uses the invitation with them. Each attempt is counted before the database
 * answers, so that simultaneous attempts are limited like consecutive ones. The count of a used
 * invitation no longer matters.
 * @throws Refusal FORBIDDEN if the invitation is no longer open; RATE_LIMITED after too many
 * attempts at taken addresses
 */
export const invitedAccounts = (
  { invitations, guesses }: { invitations: Pick<InvitationStore, 'register'>; guesses: Guesses },
  invitation: Invitation
): Pick<AccountStore, 'create'> => ({
  async create(account, by) {
    const attempts = await invitationAttempts(guesses, invitation)
    await attempts.take()
    const registered = await answered(attempts, () =>
      invitations.register(invitation.id, account, by)
    )
    if ('account' in registered) return registered.account
    if (registered.obstacle === 'email-taken') return null
    throw invitationInvalid()
  }
})

/** If the database does not answer, the attempt reveals nothing and is not counted. */
async function answered<Result>(
  attempts: CallersGuesses,
  work: () => Promise<Result>
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    await attempts.giveBack()
    throw error
  }
}
