import type { GatewayKeys } from '@gatehouse/gateway-keys/gateway-keys'
import type { Refusal } from '@gatehouse/problem/refusal'
import type { Caller } from './assertion.ts'
import { callerOf } from './caller-of.ts'
import { type HeaderSource, readAssertion } from './header-source.ts'
import { checkOptions } from './options.ts'
import { type ProblemAnswer, problemAnswer } from './problem-answer.ts'
import { unauthenticated } from './refusals.ts'
import { requireRole, requireScope } from './requirements.ts'

export type VerifyOptions = {
  /**
   * where the gateways publish their keys: `/.well-known/gateway-jwks.json` on the ops listener of
   * one or several gateways, or the key set itself
   */
  readonly gatewayKeys: GatewayKeys
  /**
   * the name of this service in the gateways' route table: the `audience` of its routes, or their
   * names. Assertions for other services are refused.
   */
  readonly audience: string | readonly string[]
  /** the current time, in milliseconds since 1970; for tests */
  readonly clock?: () => number
}

/**
 * The caller, from the assertion that the gateway signed. No other header counts: any program that
 * reaches the service can write them.
 *
 * The keys are fetched at the first call and kept for all later calls with equal `gatewayKeys`.
 * @throws Refusal with `status` and `code`: 401 UNAUTHENTICATED without a valid assertion, and 503
 * UNAVAILABLE while the keys cannot be fetched. `problemAnswer` turns it into a response.
 * @throws TypeError if an option is missing or empty
 */
export async function verifyAssertion(
  headers: HeaderSource,
  options: VerifyOptions
): Promise<Caller> {
  const caller = await findCaller(headers, options)
  if (caller === null) throw unauthenticated('no assertion')
  return caller
}

/**
 * The same for a route that also serves anonymous requests: null without an assertion. An assertion
 * that is not valid is refused.
 */
export async function findCaller(
  headers: HeaderSource,
  options: VerifyOptions
): Promise<Caller | null> {
  const audience = checkOptions(options)
  const assertion = readAssertion(headers)
  return assertion === null ? null : await callerOf(assertion, audience, options)
}

export type { Caller, GatewayKeys, HeaderSource, ProblemAnswer, Refusal }
export { problemAnswer, requireRole, requireScope }
