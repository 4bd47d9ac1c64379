/**
 * Why a login at a provider did not succeed. `denied`: its user, or the provider, refused.
 * `invalid`: what came back is not valid. `unavailable`: the provider does not respond in time, or
 * its responses are errors.
 */
export const providerFaultKinds = ['denied', 'invalid', 'unavailable'] as const
export type ProviderFaultKind = (typeof providerFaultKinds)[number]

type FaultPerson = { readonly issuer: string; readonly subject: string }

/** The message is for the log: nothing of it comes from the provider. */
export class ProviderFault extends Error {
  override readonly name = 'ProviderFault'
  readonly kind: ProviderFaultKind
  /** whose login is refused, as a verified ID token names them; null: nobody is proven */
  readonly person: FaultPerson | null

  constructor(kind: ProviderFaultKind, message: string, person: FaultPerson | null = null) {
    super(message)
    this.kind = kind
    this.person = person
  }
}

/** The errors of OAuth that say that the provider itself failed (RFC 6749 §4.1.2.1). */
const OUTAGES = new Set(['server_error', 'temporarily_unavailable'])
/** Those that say that there is no login (also OpenID Connect Core §3.1.2.6). */
const DENIALS = new Set([
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required'
])

const kindOf = (error: unknown): ProviderFaultKind => {
  if (typeof error !== 'string') return 'invalid'
  if (OUTAGES.has(error)) return 'unavailable'
  return DENIALS.has(error) ? 'denied' : 'invalid'
}

/** What an error of openid-client means. */
export function providerFault(error: unknown): ProviderFault {
  const fault = causesOf(error).find((cause) => cause instanceof ProviderFault)
  if (fault !== undefined) return fault
  const { name, code, error: answered } = error as { name?: string; code?: string; error?: unknown }
  if (name === 'AuthorizationResponseError') {
    const kind = kindOf(answered)
    return new ProviderFault(kind, `the provider sent the browser back with an error (${kind})`)
  }
  if (name === 'ResponseBodyError' || name === 'WWWAuthenticateChallengeError') {
    const kind = kindOf(answered) === 'unavailable' ? 'unavailable' : 'invalid'
    return new ProviderFault(kind, 'the provider refused the request of the auth service')
  }
  const known = /^OAUTH_[A-Z_]+$/.test(code ?? '') ? code : 'an unknown error'
  return new ProviderFault('invalid', `a response of the provider is not valid: ${known}`)
}

function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = []
  for (let one = error; one instanceof Error && causes.length < 8; one = one.cause) causes.push(one)
  return causes
}
