import {
  AssertionInvalid,
  type AssertionReader,
  GatewayKeysUnavailable
} from '@gatehouse/gateway-keys/read-assertion'
import type { VerifyAssertion } from '../../oauth/token/subject-token.ts'
import { gatewayKeysUnavailable } from '../http-refusals.ts'

/** The longest text that is worth a signature check. */
const LONGEST_ASSERTION = 16_384

/**
 * Verifies the assertions that services exchange.
 * @throws Refusal UNAVAILABLE while the keys of the gateways cannot be fetched
 */
export const gatewayAssertions =
  (read: AssertionReader): VerifyAssertion =>
  async (assertion, audiences) => {
    if (audiences.length === 0 || assertion.length > LONGEST_ASSERTION) return null
    try {
      // Not the clock of the stores: gateways date their assertions by the clocks of their
      // machines.
      return await read(assertion, audiences, Date.now())
    } catch (error) {
      if (error instanceof AssertionInvalid) return null
      if (error instanceof GatewayKeysUnavailable) throw gatewayKeysUnavailable(error)
      throw error
    }
  }
