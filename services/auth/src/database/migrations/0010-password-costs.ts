import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** the characters of base64 */
const CODED = sql.lit('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')

/** What an account's hash cost: its PHC form without the hash, the salt and the `$` before each. Both databases read it so. */
export const costOfHash = sql<string>`rtrim(rtrim(rtrim(rtrim(password_hash, ${CODED}), '$'), ${CODED}), '$')`

export const passwordCosts: Migration = {
  async up(database) {
    await sql`create index accounts_password_cost on accounts ((${costOfHash}))`.execute(database)
  }
}
