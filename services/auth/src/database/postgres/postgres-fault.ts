import pg from 'pg'
import type { PostgresAddress } from './address/postgres-address.ts'
import { NO_TLS } from './pools/postgres-pools.ts'

/**
 * Why PostgreSQL cannot be used with these settings, for the operator: a wrong password, name or
 * certificate, which waiting does not fix. Null for a fault that may pass: refused, starting, timed
 * out, name not found yet.
 */
export function lastingFault(cause: unknown, { server, sslmode }: PostgresAddress): string | null {
  if (!(cause instanceof Error)) return null
  const remedy =
    cause instanceof pg.DatabaseError ? remedyOfServer(cause) : remedyOfTls(cause, sslmode)
  if (remedy === null) return null
  const { code } = cause as NodeJS.ErrnoException
  const said = code === undefined ? cause.message : `${cause.message} (${code})`
  return `PostgreSQL at ${server} cannot be used: ${said}. ${remedy}`
}

const WANTS_TLS = 'The server wants TLS: set sslmode=require, or stricter, in DATABASE_URL'
const WRONG_USER = 'Check the user and the password in DATABASE_URL or DATABASE_PASSWORD'

/** By SQLSTATE (PostgreSQL, appendix A). */
function remedyOfServer({ code = '', message }: pg.DatabaseError): string | null {
  if (code === '28P01') return WRONG_USER
  if (code === '28000') {
    const isPlain = /no encryption|SSL off|SSL connection is required/.test(message)
    return isPlain ? WANTS_TLS : 'Check the user in DATABASE_URL, and what pg_hba.conf allows it'
  }
  if (code === '3D000') return 'Create the database, or name another in DATABASE_URL'
  if (code === '42501' || code === '3F000') {
    return 'The user in DATABASE_URL must own the tables, or be allowed to create them in its schema'
  }
  return remedyOfPooler(message)
}

/**
 * PgBouncer uses one code (08P01) for all messages of its own, and Supavisor another one (XX000).
 */
function remedyOfPooler(message: string): string | null {
  if (/^(SSL required|.*TLS required)/i.test(message)) return WANTS_TLS
  if (/^no such database/.test(message)) return 'Name a database of the pooler in DATABASE_URL'
  const isUser = /^(no such user|(password )?auth(entication)? failed|Tenant or user not found)/
  if (isUser.test(message)) return WRONG_USER
  return /^unsupported startup parameter/.test(message)
    ? 'Take the parameter out of DATABASE_URL, or let the pooler ignore it'
    : null
}

/** The error codes of Node.js and OpenSSL for a certificate that is not trusted. */
const UNKNOWN_AUTHORITY =
  /SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|CERT_(UNTRUSTED|SIGNATURE_FAILURE)/
const TIME = /CERT_(HAS_EXPIRED|NOT_YET_VALID)/

function remedyOfTls(cause: Error, sslmode: string): string | null {
  const { code = '', message } = cause as NodeJS.ErrnoException
  if (message === NO_TLS) {
    return `DATABASE_URL demands it (sslmode=${sslmode}): turn it on at the server`
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `Connect by a name in the certificate, or verify only its authority: sslmode=verify-ca with sslrootcert in DATABASE_URL (now sslmode=${sslmode})`
  }
  if (UNKNOWN_AUTHORITY.test(code)) {
    return `Name the file with the certificate of its authority: sslrootcert in DATABASE_URL, or DATABASE_CA_FILE (sslmode=${sslmode})`
  }
  if (TIME.test(code)) return `Renew the certificate of the server (sslmode=${sslmode})`
  const isTls = code.startsWith('ERR_SSL') || code.startsWith('ERR_OSSL') || code === 'EPROTO'
  return isTls
    ? `TLS failed (sslmode=${sslmode}): check the certificate and key of this client (sslcert, sslkey), and that the port is PostgreSQL's`
    : null
}
