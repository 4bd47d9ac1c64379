/** A private signing key that this instance has not the key for: another instance, or an earlier start, has encrypted it. */
export class UnknownSealingKey extends Error {
  constructor(kid: string, cause: unknown) {
    super(
      `signing key ${kid} cannot be opened: AUTH_KEY_ENCRYPTION_KEY has not the one it was sealed with. ` +
        'All instances on one database need the same; where it is unset, each data folder has its own',
      { cause }
    )
  }
}
