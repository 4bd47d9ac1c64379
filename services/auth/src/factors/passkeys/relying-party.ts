/** To whom passkeys belong (WebAuthn §4, Relying Party). */
export type RelyingParty = {
  /** the domain to which authenticators bind them */
  readonly id: string
  /** the pages and apps that may use them */
  readonly origins: readonly string[]
}

/** What passkeys may do here. */
export type PasskeyPolicy = {
  /**
   * `login`: also open a session without a password. `factor`: only after the password. `off`: none
   * can be added; those that exist remain second factors
   */
  readonly mode: 'login' | 'factor' | 'off'
  /** null: the settings name no domain, so there can be no passkeys */
  readonly party: RelyingParty | null
}
