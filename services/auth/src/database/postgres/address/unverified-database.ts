import { isIP } from 'node:net'
import type { PostgresAddress } from './postgres-address.ts'

/**
 * A warning about a connection over a network on which another machine can pose as the database;
 * null if the certificate is verified, or the server is on this machine.
 */
export function unverifiedDatabase(address: PostgresAddress | null): string | null {
  if (address === null || isVerified(address) || isLocal(address.server)) return null
  const { sslmode, server } = address
  const lack =
    sslmode === 'disable' ? 'has no TLS' : 'does not verify the certificate of the server'
  return `DATABASE_SSLMODE: the connection to PostgreSQL at ${server} (sslmode=${sslmode}) ${lack}, so another machine can pose as the database: set DATABASE_SSLMODE=verify-full, and DATABASE_CA_FILE for an authority of your own (docs/stores.md)`
}

const isVerified = ({ ways }: PostgresAddress): boolean =>
  ways.every((way) => way !== false && way.rejectUnauthorized !== false)

/** A socket, the loopback interface, or no host at all, which means a socket or localhost. */
function isLocal(server: string): boolean {
  if (server === '' || server.startsWith('/')) return true
  const { hostname = '' } = URL.parse(`tcp://${server}`) ?? {}
  const name = hostname.replace(/^\[|\]$/g, '')
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}
