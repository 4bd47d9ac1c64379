import { type OAuthErrorCode, OAuthRefusal } from '@gatehouse/problem/oauth-error'
import { UnacceptableSubject } from '../oauth-refusals.ts'

/** Why token exchanges are refused, for the metrics. */
export const exchangeRefusals = [
  'client',
  'audience',
  'scope',
  'subject_token',
  'request',
  'unavailable'
] as const
export type ExchangeRefusal = (typeof exchangeRefusals)[number]

const reasonOf: Partial<Record<OAuthErrorCode, ExchangeRefusal>> = {
  invalid_client: 'client',
  unauthorized_client: 'client',
  invalid_target: 'audience',
  invalid_scope: 'scope'
}

/** The reason of a refusal; every other error is an outage or a bug. Pure. */
export function exchangeRefusalOf(error: unknown): ExchangeRefusal {
  if (error instanceof UnacceptableSubject) return 'subject_token'
  if (error instanceof OAuthRefusal) return reasonOf[error.error] ?? 'request'
  return 'unavailable'
}
