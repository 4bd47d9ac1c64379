import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * When a signing key entered its state and when it leaves it, and the single row with which
 * instances take turns to change keys.
 */
export const keyLifecycle: Migration = {
  async up(database) {
    for (const column of [
      'activated_at',
      'retiring_at',
      'withdraw_at',
      'ended_at',
      'untold_until'
    ]) {
      await database.schema.alterTable('signing_keys').addColumn(column, 'bigint').execute()
    }
    await database.schema
      .alterTable('signing_keys')
      .addColumn('longest_token_seconds', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await sql`update signing_keys set activated_at = created_at where state = 'active'`.execute(
      database
    )
    await database.schema
      .createTable('signing_key_set')
      .addColumn('one', 'integer', (column) => column.primaryKey())
      .addColumn('version', 'bigint', (column) => column.notNull())
      .addColumn('told_version', 'bigint', (column) => column.notNull())
      .addColumn('tended_by', 'text')
      .addColumn('tended_until_ms', 'bigint', (column) => column.notNull())
      .execute()
    await database
      .insertInto('signing_key_set')
      .values({ one: 1, version: 0, told_version: 0, tended_by: null, tended_until_ms: 0 })
      .execute()
  }
}
