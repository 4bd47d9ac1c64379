import { type Kysely, PostgresAdapter, sql } from 'kysely'
import { DEFAULT_MIGRATION_TABLE, type Migration } from 'kysely/migration'
import type { Tables } from './tables.ts'

/** An applied migration, and the time as ISO 8601. */
type AppliedMigration = { readonly name: string; readonly appliedAt: string }

type WithMigrations = { readonly [DEFAULT_MIGRATION_TABLE]: { name: string; timestamp: string } }

/** The applied migrations of the database, in the order of their names; none if it is empty. */
export async function appliedMigrations(database: Kysely<Tables>): Promise<AppliedMigration[]> {
  if (!(await isMigrated(database))) return []
  const rows = await (database as unknown as Kysely<WithMigrations>)
    .selectFrom(DEFAULT_MIGRATION_TABLE)
    .select(['name', 'timestamp'])
    .orderBy('name')
    .execute()
  return rows.map(({ name, timestamp }) => ({ name, appliedAt: timestamp }))
}

/** One look into the catalog. Kysely's introspection reads the whole catalog, at each start. */
async function isMigrated(database: Kysely<Tables>): Promise<boolean> {
  const onPostgres = database.getExecutor().adapter instanceof PostgresAdapter
  const lookup = onPostgres
    ? sql`select 1 where to_regclass(${DEFAULT_MIGRATION_TABLE}) is not null`
    : sql`select 1 from sqlite_master where type = 'table' and name = ${DEFAULT_MIGRATION_TABLE}`
  const { rows } = await lookup.execute(database)
  return rows.length > 0
}

/**
 * The migrations of a newer version of this service. Migrations only add, so this version can work
 * with those tables. An unknown name before the last one that this version knows is not from a
 * newer version.
 */
export function newerMigrations(applied: readonly string[], known: readonly string[]): string[] {
  const last = known.toSorted().at(-1) ?? ''
  return applied.filter((name) => name > last)
}

/**
 * Stands for a migration that this version does not have, because the migrator must know every
 * applied migration.
 */
export const standIn: Migration = {
  async up() {
    throw new Error('a migration of a newer version is not applied by this one')
  }
}
