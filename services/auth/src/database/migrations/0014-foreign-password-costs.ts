import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** the characters of base64 */
const CODED = sql.lit('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')

/**
 * The cost of an account's hash: its PHC form without the hash, the salt and the `$` before each.
 * bcrypt writes neither `$`, and its versions have the same cost. Both databases and `passwordCost`
 * compute it in the same way.
 */
const costOfHash = sql<string>`case when substr(password_hash, 1, 2) = '$2'
  then '$2b' || substr(password_hash, 4, 3)
  else rtrim(rtrim(rtrim(rtrim(password_hash, ${CODED}), '$'), ${CODED}), '$') end`

export const foreignPasswordCosts: Migration = {
  async up(database) {
    // An earlier version that runs at the same time still uses the index of migration 10.
    await sql`create index accounts_hash_cost on accounts ((${costOfHash}))`.execute(database)
  }
}
