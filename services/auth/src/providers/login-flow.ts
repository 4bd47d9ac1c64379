import { randomBytes } from 'node:crypto'
import { type SealingKeys, seal, unsealWithAny } from '../secrets/seal.ts'

/** A login that is at a provider. The browser keeps it in a cookie, encrypted. */
export type LoginFlow = {
  readonly provider: string
  readonly state: string
  readonly nonce: string
  /** of PKCE (RFC 7636), between the auth service and the provider */
  readonly verifier: string
  readonly returnTo: string
  /** of PKCE, between the page or app and the auth service */
  readonly codeChallenge: string
  /** the provider must ask its user to sign in again, even if they are signed in there */
  readonly prompt?: 'login'
  /** seconds since 1970 */
  readonly expiresAt: number
}

/** how long a user may take at the provider */
const FLOW_SECONDS = 600
/** how long the browser keeps the cookie: an expired one still says where to return */
export const COOKIE_SECONDS = 3600

const ABOUT = 'login at a provider'

export const randomText = (): string => randomBytes(32).toString('base64url')

export const newFlow = (
  to: Pick<LoginFlow, 'provider' | 'returnTo' | 'codeChallenge' | 'prompt'>,
  nowMs: number
): LoginFlow => ({
  ...to,
  state: randomText(),
  nonce: randomText(),
  verifier: randomText(),
  expiresAt: Math.floor(nowMs / 1000) + FLOW_SECONDS
})

export const sealFlow = (flow: LoginFlow, [newest]: SealingKeys): string =>
  seal(JSON.stringify(flow), newest, ABOUT)

/** The flow in a cookie, which may have expired. Null: it was not made here. */
export function unsealFlow(sealed: string, keys: SealingKeys): LoginFlow | null {
  try {
    return JSON.parse(unsealWithAny(sealed, keys, ABOUT).secret)
  } catch {
    return null
  }
}

/** How long ago a login began, in seconds, rounded up. */
export const ageOf = ({ expiresAt }: LoginFlow, nowMs: number): number =>
  Math.max(0, Math.ceil(nowMs / 1000) - (expiresAt - FLOW_SECONDS))

export const isExpired = ({ expiresAt }: LoginFlow, nowMs: number): boolean =>
  expiresAt <= Math.floor(nowMs / 1000)

/**
 * The result of a login stands in the fragment: no server, no log and no `Referer` has it.
 * @param returnTo one of the allowed URLs, which have no fragment
 */
export const withResult = (returnTo: string, result: Readonly<Record<string, string>>): string =>
  `${returnTo}#${new URLSearchParams(result)}`
