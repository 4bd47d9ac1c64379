/**
 * A private signing key that this instance cannot decrypt: another instance, or an earlier start,
 * encrypted it with another key.
 */
export class UnknownSealingKey extends Error {
  constructor(kid: string, cause: unknown) {
    super(
      `AUTH_KEY_ENCRYPTION_KEY: the signing key ${kid} in the database was encrypted with another key. ` +
        'All instances on one database need the same key; if it is unset, each data folder has its own',
      { cause }
    )
  }
}
