/**
 * How well a user is authenticated (`acr`, OpenID Connect Core §2), after the authenticator
 * assurance levels of NIST SP 800-63B: with one factor, or with two.
 */
export const ONE_FACTOR = 'aal1'
export const TWO_FACTORS = 'aal2'

/**
 * The class that a presented token states, if its session has it; otherwise that of the session.
 * @param stated null if the token states none
 */
export const classWithin = (stated: string | null, ofSession: string): string | null =>
  stated === null || stated === ONE_FACTOR ? stated : ofSession

/** @param amr the methods (RFC 8176): `mfa` says that there were several factors */
export const authenticationClass = (amr: readonly string[]): string =>
  amr.includes('mfa') ? TWO_FACTORS : ONE_FACTOR
