/** How and when the user of a session proved who they are. */
export type Authentication = {
  /** the methods (RFC 8176) */
  readonly amr: readonly string[]
  /** seconds since 1970: `auth_time` of the access tokens */
  readonly atSeconds: number
}

/** A password alone. */
export const BY_PASSWORD: readonly string[] = ['pwd']

/**
 * A password and a one-time password: the code of an authenticator, or a recovery code. `mfa` says
 * that there were several factors (RFC 8176 §2).
 */
export const BY_TWO_FACTORS: readonly string[] = ['pwd', 'otp', 'mfa']

/** As the database stores it. */
export const amrText = (amr: readonly string[]): string => amr.join(' ')

export const amrOf = (text: string): readonly string[] => text.split(' ')
