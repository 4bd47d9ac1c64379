import type { Configuration, IDToken } from 'openid-client'
import type { LoginFlow } from '../login-flow.ts'
import { mappedRights } from '../mapping/mapped-rights.ts'
import { type Mapping, mappedSources, namesOf } from '../mapping/mapping-rules.ts'
import { isPlainText } from '../plain-text.ts'
import { sameIssuer } from '../provider-entry.ts'
import { ProviderFault } from './provider-fault.ts'
import { addressIn, hasRequired, mappable, type ProviderIdentity } from './provider-identity.ts'

/** OpenID Connect Core §2 */
const LONGEST_SUBJECT = 255

type Expected = {
  /** as the file of providers has it */
  readonly issuer: string
  readonly flow: Pick<LoginFlow, 'state' | 'nonce' | 'verifier'>
  readonly required: Readonly<Record<string, readonly string[]>>
  readonly mapping: Mapping
  /** how long ago the user may have authenticated, in seconds; null: the login did not ask */
  readonly maxAge: number | null
  /** seconds since 1970; null: the provider cannot say when its users have authenticated */
  readonly now: number | null
}

/**
 * Redeems the code that came back. openid-client compares `state`, `iss` of the response (RFC
 * 9207), and `aud`, `azp`, `nonce`, `auth_time` and the other times of the ID token, and verifies
 * its signature.
 * @param url that came back
 * @throws ProviderFault, or an error of openid-client
 */
export async function openidIdentity(
  provider: Configuration,
  url: URL,
  { issuer, flow, required, mapping, maxAge, now }: Expected
): Promise<ProviderIdentity> {
  const { authorizationCodeGrant } = await import('openid-client')
  const tokens = await authorizationCodeGrant(provider, url, {
    expectedState: flow.state,
    expectedNonce: flow.nonce,
    pkceCodeVerifier: flow.verifier,
    idTokenExpected: true,
    ...(maxAge === null ? {} : { maxAge })
  })
  const claims = tokens.claims()
  if (claims === undefined) throw new ProviderFault('invalid', 'there is no ID token')
  requireValid(claims, issuer, maxAge)
  const { sub: subject } = claims
  if (!hasRequired(claims, required)) {
    const cause = 'the ID token does not have a claim that is required'
    throw new ProviderFault('denied', cause, { issuer, subject })
  }
  const own = addressIn(claims)
  const isWhole = own.email !== null && hasSources(claims, mapping)
  const info = isWhole ? {} : await userInfo(provider, tokens.access_token, subject)
  const address = own.email === null ? addressIn(info) : own
  const rights = mappedRights(mappable({ ...info, ...claims }, address), mapping)
  const person = { issuer, subject, reauthenticated: maxAge !== null, ...address, rights }
  return now === null ? person : { ...person, authenticatedAt: authenticatedAt(claims, now) }
}

/** @throws ProviderFault */
function requireValid(claims: IDToken, issuer: string, maxAge: number | null): void {
  // For some hosts of Microsoft, openid-client compares it with nothing.
  if (!sameIssuer(claims.iss, issuer)) {
    throw new ProviderFault('invalid', 'the ID token is of another issuer')
  }
  if (!isPlainText(claims.sub, LONGEST_SUBJECT)) {
    throw new ProviderFault('invalid', 'the subject of the ID token is empty, too long or not text')
  }
  if (maxAge !== null && !isNewLogin(claims, maxAge)) {
    throw new ProviderFault('invalid', 'the user has not signed in at the provider again')
  }
}

/** as openid-client has it, for clocks that differ */
const TOLERANCE_SECONDS = 30

/**
 * openid-client has compared `auth_time` with the clock here. A provider whose clock is ahead would
 * pass an old login for a new one, so it is also compared with `iat`, which is of the same clock. A
 * time after `iat` proves nothing: some providers have sent milliseconds.
 */
const isNewLogin = ({ iat, auth_time: at }: IDToken, maxAge: number): boolean =>
  at !== undefined && iat - at <= maxAge + TOLERANCE_SECONDS && at - iat <= TOLERANCE_SECONDS

/**
 * When the user has authenticated at the provider: so long ago as between the two times of the ID
 * token, which are of one clock. 0 if it does not say.
 * @param now seconds since 1970
 */
function authenticatedAt({ iat, auth_time: at }: IDToken, now: number): number {
  if (at === undefined || at - iat > TOLERANCE_SECONDS) return 0
  return Math.max(0, Math.floor(now - Math.max(0, iat - at)))
}

/** Whether an ID token has every claim that the mapping reads. */
const hasSources = (claims: IDToken, mapping: Mapping): boolean =>
  [...mappedSources(mapping)].every((source) => Object.hasOwn(claims, namesOf(source)[0] ?? ''))

/** The claims of a user, from a provider whose ID tokens do not have all that is needed. */
async function userInfo(provider: Configuration, accessToken: string, subject: string) {
  if (provider.serverMetadata().userinfo_endpoint === undefined) return {}
  const { fetchUserInfo } = await import('openid-client')
  return await fetchUserInfo(provider, accessToken, subject)
}
