import { StartFault } from '@gatehouse/process/start-fault'

/**
 * A stored secret that this instance cannot decrypt: another instance, or an earlier start,
 * encrypted it with another key.
 */
export class UnknownSealingKey extends Error {
  /** @param what the secret, for example `the signing key KID` */
  constructor(what: string, cause: unknown) {
    super(
      `AUTH_KEY_ENCRYPTION_KEY: ${what} in the database was encrypted with another key. ` +
        'All instances on one database need the same key; if it is unset, each data folder has its own',
      { cause }
    )
  }
}

/**
 * Encrypts stored secrets with the first key, at the start.
 * @param reseal encrypts those of one kind
 * @throws StartFault if one was encrypted with an unknown key
 */
export async function sealUnderFirst(reseal: () => Promise<unknown>): Promise<void> {
  try {
    await reseal()
  } catch (error) {
    throw error instanceof UnknownSealingKey ? new StartFault(error.message) : error
  }
}
