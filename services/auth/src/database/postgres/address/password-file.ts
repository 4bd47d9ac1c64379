import { secretIn } from '@gatehouse/settings/secret'
import pg from 'pg'

/** A password in a file, and what was in it at the start. */
export type PasswordFile = { readonly file: string; readonly first: string }

/** The password for each new connection, from a file that may be replaced at any time. */
export type PasswordOfFile = {
  readonly Client: typeof pg.Client
  /** A connection was opened. */
  accepted(client: pg.PoolClient): void
  /**
   * The server has refused the password.
   * @returns whether there is another one to try
   */
  refused(error: unknown): boolean
}

/**
 * The file has the new password before or after the server does. So if the one in the file is
 * refused, the last one that was accepted is tried.
 */
export function passwordOfFile({ file, first }: PasswordFile): PasswordOfFile {
  let good = first
  let bad: string | null = null
  let offered = first
  const next = (): string => {
    const read = secretIn(file)
    const filed = 'text' in read ? read.text : good
    return filed === bad ? good : filed
  }
  const offer = (): string => {
    offered = next()
    return offered
  }
  return {
    Client: class extends pg.Client {
      constructor(config?: string | pg.ClientConfig) {
        super(config)
        // pg calls it once, when the server asks for a password. Its types allow only a text here.
        Object.assign(this, { password: offer })
      }
    },
    accepted({ password }: { readonly password?: unknown }) {
      if (typeof password === 'string') good = password
    },
    refused(error) {
      if (!(error instanceof pg.DatabaseError) || error.code !== '28P01') return false
      bad = offered
      return next() !== offered
    }
  }
}
