import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** the characters of base64 */
const CODED = sql.lit('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')

/**
 * The cost of an account's hash: its PHC form without the hash, the salt and the `$` before each.
 * Both databases compute it in the same way.
 */
const costOfHash = sql<string>`rtrim(rtrim(rtrim(rtrim(password_hash, ${CODED}), '$'), ${CODED}), '$')`

export const passwordCosts: Migration = {
  async up(database) {
    await sql`create index accounts_password_cost on accounts ((${costOfHash}))`.execute(database)
  }
}
