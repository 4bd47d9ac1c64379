import pg from 'pg'

/**
 * Errors with which the server reports that it cannot work at the moment (SQLSTATE, PostgreSQL
 * appendix A): connection lost (08); another password (28) or no such database (3D), because an
 * operator may be changing them; out of connections, memory or disk (53); shutting down, starting
 * or too slow (57); an error of the system (58) or of the server itself (XX); a lock (55P03), a
 * deadlock (40), or a standby instead of the primary (25006). Supavisor reports with XX000 that it
 * has no connection to the server.
 */
const OUT_OF_SERVICE = /^(08|28|3D|53|57|58|XX|40|55P03|25006)/

/**
 * Every error is an outage (disconnected, timed out, not found) unless the server rejects our
 * statement.
 */
export function isPostgresOutage(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || OUT_OF_SERVICE.test(error.code ?? '')
}

/** Whether a connection can be used again after a failed statement. */
export function leavesConnection(error: unknown): boolean {
  // After a timeout, the server's answer is still to come. A server that shuts down, and Supavisor,
  // say so and disconnect. A standby stays a standby on its open connections.
  return error instanceof pg.DatabaseError && !/^(08|57P|XX|25006)/.test(error.code ?? '')
}
