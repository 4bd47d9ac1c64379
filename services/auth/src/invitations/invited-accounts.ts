import type { AccountStore } from '../accounts/account-store.ts'
import type { Invitation } from './invitation.ts'
import { invitationInvalid } from './invitation-refusals.ts'
import type { InvitationStore } from './invitation-store.ts'

/**
 * Creates accounts and uses the invitation with them.
 * @throws Refusal FORBIDDEN if the invitation is no longer open
 */
export const invitedAccounts = (
  invitations: Pick<InvitationStore, 'register'>,
  { id }: Invitation
): Pick<AccountStore, 'create'> => ({
  async create(account, by) {
    const registered = await invitations.register(id, account, by)
    if ('account' in registered) return registered.account
    if (registered.obstacle === 'email-taken') return null
    throw invitationInvalid()
  }
})
