import pg from 'pg'

/**
 * The server's own word that it cannot do its work just now (SQLSTATE, PostgreSQL appendix A): connection lost (08), another
 * password (28) or no such database (3D), since an operator is at work, out of connections, memory or disk (53), shutting
 * down, starting or too slow (57), the system below it (58); a lock (55P03), a deadlock (40) or a standby in place of the
 * primary (25006).
 */
const OUT_OF_SERVICE = /^(08|28|3D|53|57|58|40|55P03|25006)/

/** Whatever is not the server's own word against our statement is an outage: cut off, timed out, not found. */
export function isPostgresOutage(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || OUT_OF_SERVICE.test(error.code ?? '')
}

/** Whether a connection can be used again after a failed statement. */
export function leavesConnection(error: unknown): boolean {
  // After a timeout the server's answer is still on its way; a server that shuts down says so and hangs up; and a standby
  // stays a standby for those who are connected to it.
  return error instanceof pg.DatabaseError && !/^(08|57P|25006)/.test(error.code ?? '')
}
