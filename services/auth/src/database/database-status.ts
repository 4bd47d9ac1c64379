import type { Kysely } from 'kysely'
import { migrations } from './migrate.ts'
import { appliedMigrations } from './newer-migrations.ts'
import type { Tables } from './tables.ts'

/** A migration, as the database and this version know it. */
type MigrationStatus = {
  readonly name: string
  /** ISO 8601; null: not applied */
  readonly appliedAt: string | null
  /** whether this version has it. If not, a newer version has applied it */
  readonly known: boolean
}

export type DatabaseStatus = () => Promise<MigrationStatus[]>

/** The migrations of the database and of this version, in the order of their names. */
export function databaseStatus(database: Kysely<Tables>): DatabaseStatus {
  return async () => {
    const applied = new Map(
      (await appliedMigrations(database)).map(({ name, appliedAt }) => [name, appliedAt])
    )
    const names = new Set([...Object.keys(migrations), ...applied.keys()])
    return [...names].sort().map((name) => ({
      name,
      appliedAt: applied.get(name) ?? null,
      known: name in migrations
    }))
  }
}
