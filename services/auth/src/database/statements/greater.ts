import { sql } from 'kysely'

/** The greater one. PostgreSQL calls this `greatest`, SQLite `max`. */
export const greater = (column: string, value: unknown) =>
  sql<number>`case when ${sql.ref(column)} < ${value} then ${value} else ${sql.ref(column)} end`
