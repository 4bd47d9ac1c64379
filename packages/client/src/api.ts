// Bodies of the public API. A test compares them with its description, api/public.json.

export type Login = {
  readonly email: string
  readonly password: string
}

/** One of `totp`, `recoveryCode` and `passkey`. */
export type FactorAnswer = {
  /** of the `FACTOR_REQUIRED` with which a login was rejected */
  readonly challenge: string
  /** the six digits of the authenticator app */
  readonly totp?: string
  readonly recoveryCode?: string
  /** what `toJSON()` makes of the result of `navigator.credentials.get()` */
  readonly passkey?: object
}

/** What a login at another provider returned, and the verifier with which it began. */
export type ProviderLogin = {
  readonly code: string
  readonly codeVerifier: string
}

/**
 * Another provider with which users sign in; `name` is for people. With `reauthentication`, it can
 * be told to ask its user to sign in again.
 */
export type Provider = {
  readonly id: string
  readonly name: string
  readonly reauthentication: boolean
}

/** A linked provider. `provider` is null if it is no longer configured. Times are ISO 8601. */
export type Identity = {
  readonly id: string
  readonly provider: string | null
  readonly issuer: string
  readonly email: string | null
  readonly createdAt: string
  readonly lastUsedAt: string | null
  /** false: the password has changed, and the provider must be linked again */
  readonly opensSession: boolean
}

/** For `PublicKeyCredential.parseRequestOptionsFromJSON()`. */
export type PasskeyRequest = {
  challenge: string
  timeout: number
  rpId: string
  allowCredentials: { id: string; type: 'public-key'; transports: string[] }[]
  userVerification: 'preferred' | 'required'
}

export type Registration = {
  readonly email: string
  readonly password: string
  /** the secret of an invitation, where only invited people may register */
  readonly invitation?: string
}

/** The address to which a link is sent. */
export type EmailAddress = {
  readonly email: string
}

/** The token of a link: what follows `#token=` in it. */
export type LetterLink = {
  readonly token: string
}

export type PasswordReset = {
  readonly token: string
  readonly newPassword: string
}

export type PasswordChange = {
  readonly currentPassword: string
  readonly newPassword: string
}

export type EmailVerification = {
  readonly token: string
  /** what `register` returned to this browser */
  readonly pageSecret?: string | undefined
}

export type UnverifiedEmail = {
  readonly email: string
  /** what `register` returned to this browser; without it, the link keeps no password */
  readonly pageSecret?: string | undefined
}

export type SentLetter = {
  readonly pageSecret: string
}

/** With `resetToken`, `resetPassword` sets a new password; null: the account keeps its own. */
export type VerifiedEmail = {
  readonly resetToken: string | null
}

/** The account has no password until `resetPassword` sets one with `resetToken`. */
export type UndoneEmail = {
  readonly resetToken: string
}

/** Until this time (ISO 8601), a login keeps the account. */
export type AccountDeletion = {
  readonly deletionAt: string
}

/** What is stored about a user, to be saved as a file; the API description has every member. */
export type AccountExport = {
  readonly user: Readonly<Record<string, unknown>>
  readonly events: Readonly<Record<string, unknown>>[]
  readonly [member: string]: unknown
}

export type User = {
  readonly id: string
  readonly email: string
  readonly roles: readonly string[]
}

/**
 * The result of a registration. Without `id`, there is no account yet: its owner must open the link
 * in the e-mail first. `pageSecret` goes with the token of that link to `verifyEmail`.
 */
export type Registered = Partial<User> & { readonly pageSecret?: string | undefined }

/** Times are seconds from the response. */
export type TokenResponse = {
  readonly tokenType: 'Bearer'
  readonly accessToken: string
  readonly expiresIn: number
  /** absent if the cookie has it */
  readonly refreshToken?: string
  readonly refreshExpiresIn: number
  readonly session: { readonly id: string }
}
