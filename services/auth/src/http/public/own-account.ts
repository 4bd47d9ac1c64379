import { requireIdentity } from '@gatehouse/identity/fastify'
import type { FastifyRequest } from 'fastify'
import type { Account } from '../../accounts/account.ts'
import { noAccount } from '../../accounts/account-refusals.ts'
import type { AccountStore } from '../../accounts/account-store.ts'
import { sessionEnded } from '../../sessions/session-refusals.ts'

/**
 * The account and the session of the caller.
 * @throws Refusal UNAUTHENTICATED, FORBIDDEN or SESSION_ENDED
 */
export async function ownAccount(
  request: FastifyRequest,
  accounts: Pick<AccountStore, 'findById'>
): Promise<{ readonly account: Account; readonly session: string }> {
  const { subject, session } = requireIdentity(request)
  if (session === null) throw noAccount()
  const account = await accounts.findById(subject)
  if (account === null || account.disabled) throw sessionEnded('the account is disabled or gone')
  return { account, session }
}
