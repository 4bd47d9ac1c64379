/**
 * Where the refresh token is kept with `delivery: 'body'`: the keychain of a phone, or a file that
 * only its user can read. A write must be atomic: after a crash, the old or the new token is there.
 */
export type RefreshTokenStorage = {
  read(): string | null | Promise<string | null>
  /** null removes it. Resolves when the token would survive a crash. */
  write(token: string | null): void | Promise<void>
  /** Runs `work` while no other process that shares this storage runs its own. */
  lock?(work: () => Promise<void>): Promise<void>
}

/** Where the client finds the refresh token. */
export type TokenPlace = Pick<RefreshTokenStorage, 'write' | 'lock'> & {
  /** undefined: the cookie has it */
  read(): ReturnType<RefreshTokenStorage['read']> | undefined
}

/** For programs that sign in at each start. */
export function memoryStorage(): RefreshTokenStorage {
  let token: string | null = null
  return {
    read: () => token,
    write(next) {
      token = next
    }
  }
}

/** For pages: no script can read or write the cookie. */
export const cookie: TokenPlace = {
  read: () => undefined,
  write() {}
}
