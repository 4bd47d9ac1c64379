/**
 * Classes of SQLSTATE by which the server says that it cannot do its work just now (PostgreSQL, Appendix A): connection, wrong
 * credentials and database (an operator is at work), read-only after a failover, rolled back for another's sake, resources,
 * an operator's intervention or a timeout, a system error.
 */
const OUTAGES = new Set(['08', '28', '3D', '25', '40', '53', '57', '58'])

/** Whether the database is out of reach, and not our statement at fault. pg's own errors (no connection, no answer) have no SQLSTATE. */
export function isPostgresOutage(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof TypeError) return false
  const state = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return /^[0-9A-Z]{5}$/.test(state) ? OUTAGES.has(state.slice(0, 2)) : true
}
