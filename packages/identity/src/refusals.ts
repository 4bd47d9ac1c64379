import { AssertionInvalid, GatewayKeysUnavailable } from '@gatehouse/gateway-keys/read-assertion'
import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'

/** 401: the caller is not known. */
export const unauthenticated = (reason: string, cause?: unknown): Refusal =>
  new Refusal('UNAUTHENTICATED', { reason, headers: bearerChallenge(), cause })

/** What a fault of the verification means for the client; any other error is a bug. */
export function refusalOf(error: unknown): unknown {
  if (error instanceof AssertionInvalid) return unauthenticated('the assertion is not valid', error)
  if (!(error instanceof GatewayKeysUnavailable)) return error
  return new Refusal('UNAVAILABLE', {
    reason: 'the keys of the gateways cannot be fetched',
    headers: { 'retry-after': '1' },
    cause: error
  })
}
