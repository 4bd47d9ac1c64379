import type { RequestLimit } from '../../../throttling/request-limit.ts'
import { tooManyFactorChanges } from '../../../throttling/throttling-refusals.ts'

export const limitedProblem = 'The account changes its second factors too often.'

/**
 * Counts a change of second factors that a user can repeat without end.
 * @throws Refusal RATE_LIMITED, or UNAVAILABLE when the store does not answer
 */
export async function limitFactorChanges(limit: RequestLimit, account: string): Promise<void> {
  const waitSeconds = await limit.take(account)
  if (waitSeconds !== null) throw tooManyFactorChanges(waitSeconds)
}
