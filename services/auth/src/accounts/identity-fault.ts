import { identityHeaders } from '@gatehouse/edge-headers/identity'
import { IdentityTooLarge, withinBudget } from '@gatehouse/edge-headers/identity-budget'
import { FIRST_PARTY_CLIENT } from '../clients/client.ts'
import type { Account } from './account.ts'
import { headersOfClaims } from './account-claims.ts'

/** The rest of an access token's identity, which is of the same length for every user. */
const REST = {
  subject: '00000000-0000-0000-0000-000000000000',
  session: 'A'.repeat(22),
  client: FIRST_PARTY_CLIENT,
  expiresAt: 9_999_999_999
}

/**
 * Why the gateway would refuse every request of a user with these rights; null if it forwards them.
 */
export function identityFault(
  user: Pick<Account, 'email' | 'roles' | 'scope'> & Partial<Pick<Account, 'claims'>>
): string | null {
  try {
    // A route may list every claim.
    const { claims = {}, ...rights } = user
    withinBudget({ ...identityHeaders({ ...REST, ...rights }), ...headersOfClaims(claims) })
    return null
  } catch (error) {
    if (error instanceof IdentityTooLarge) return `would not fit: ${error.message}`
    throw error
  }
}
