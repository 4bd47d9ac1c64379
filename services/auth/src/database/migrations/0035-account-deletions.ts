import { indexMigration } from '../index-migration.ts'

/** When each account is deleted because its user asked for it; null: nobody did. */
export const accountDeletions = indexMigration(
  { name: 'accounts_by_deletion', table: 'accounts', columns: ['delete_after'] },
  { columns: [{ name: 'delete_after', type: 'bigint' }] }
)
