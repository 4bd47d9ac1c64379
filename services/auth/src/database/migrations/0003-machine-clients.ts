import type { Migration } from 'kysely/migration'

export const machineClients: Migration = {
  async up(database) {
    await database.schema
      .createTable('clients')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('scope', 'text', (column) => column.notNull())
      .addColumn('authentication_method', 'text', (column) => column.notNull())
      .addColumn('jwks', 'text')
      .addColumn('secrets_made', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('disabled_at', 'bigint')
      .execute()
    await database.schema
      .createTable('client_secrets')
      .addColumn('client_id', 'text', (column) => column.notNull().references('clients.id'))
      .addColumn('secret_id', 'integer', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addPrimaryKeyConstraint('client_secrets_key', ['client_id', 'secret_id'])
      .execute()
    await database.schema
      .createTable('used_client_assertions')
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('jti_digest', 'text', (column) => column.notNull())
      .addColumn('forget_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('used_client_assertions_key', ['client_id', 'jti_digest'])
      .execute()
    await database.schema
      .createIndex('used_client_assertions_by_end')
      .on('used_client_assertions')
      .column('forget_at')
      .execute()
  }
}
