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
 * A login at another provider. RFC 8176 has no value for it; `fed` is what Microsoft Entra writes.
 */
export const BY_PROVIDER: readonly string[] = ['fed']

/** Of a session that was opened by a version which knew passwords only. */
export const byPasswordAt = (openedAt: number): Authentication => ({
  amr: BY_PASSWORD,
  atSeconds: openedAt
})

/** A one-time password: the code of an authenticator app, or a recovery code. */
export const BY_CODE: readonly string[] = ['otp']

/**
 * A passkey, and that its user was there. `hwk`: the key stays in one device; `swk`: its user's
 * devices share it. The authenticator says which (the backup eligibility of WebAuthn), and nothing
 * proves it.
 */
export const BY_DEVICE_KEY: readonly string[] = ['hwk', 'user']
export const BY_SYNCED_KEY: readonly string[] = ['swk', 'user']

/**
 * What a user has proved before, and a second factor. `mfa` says that there were several factors
 * (RFC 8176 §2). A passkey that has verified its user is two factors by itself.
 * @param before none: the passkey opens the session
 */
export const withFactor = (
  before: readonly string[],
  factor: readonly string[]
): readonly string[] => [
  ...new Set([...before, ...factor].filter((method) => method !== 'mfa')),
  'mfa'
]

/** As the database stores it. */
export const amrText = (amr: readonly string[]): string => amr.join(' ')

export const amrOf = (text: string): readonly string[] => text.split(' ')
