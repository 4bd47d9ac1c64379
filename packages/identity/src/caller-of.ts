import type { GatewayKeys } from '@gatehouse/gateway-keys/gateway-keys'
import { type Caller, verifierOf } from './assertion.ts'
import { refusalOf } from './refusals.ts'

/**
 * The caller whom an assertion names.
 * @param audience as `checkOptions` returns it
 * @throws Refusal UNAUTHENTICATED, or UNAVAILABLE while the keys cannot be fetched
 */
export async function callerOf(
  assertion: string,
  audience: string[],
  { gatewayKeys, clock }: { readonly gatewayKeys: GatewayKeys; readonly clock?: () => number }
): Promise<Caller> {
  try {
    return await verifierOf(gatewayKeys, audience)(assertion, clock?.() ?? Date.now())
  } catch (error) {
    throw refusalOf(error)
  }
}
