import pg from 'pg'

/** SQLSTATE unique_violation, and SQLITE_CONSTRAINT_UNIQUE */
const POSTGRES_UNIQUE = '23505'
const SQLITE_UNIQUE = 2067

/** Whether a statement failed because another row has the same value in a unique column. */
export function isUniqueViolation(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return error.code === POSTGRES_UNIQUE
  return error instanceof Error && 'errcode' in error && Number(error.errcode) === SQLITE_UNIQUE
}
