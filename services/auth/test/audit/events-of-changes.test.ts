import { join } from 'node:path'
import { DATABASE_PATIENCE_MS } from '@gatehouse/fixtures/patience'
import { Kysely } from 'kysely'
import t, { type Test } from 'tap'
import { accountStore } from '../../src/accounts/account-store.ts'
import type { DatabaseOptions } from '../../src/database/opening/open-tables.ts'
import { postgresDialect } from '../../src/database/postgres/postgres-dialect.ts'
import { openSqlite } from '../../src/database/sqlite/open-sqlite.ts'
import { nodeSqliteDialect } from '../../src/database/sqlite/sqlite-dialect.ts'
import type { Tables } from '../../src/database/tables.ts'
import { invitationStore } from '../../src/invitations/invitation-store.ts'
import { BY_PASSWORD } from '../../src/sessions/authentication.ts'
import { durableSessions } from '../../src/sessions/durable/durable-sessions.ts'
import { authService } from '../fixtures/auth-service.ts'
import { databaseKinds, type TestDatabase } from '../fixtures/database/databases.ts'
import { source } from '../fixtures/families/family-steps.ts'
import { faultPoints, faultyDialect } from '../fixtures/families/fault-points.ts'
import { opening } from '../fixtures/families/stores.ts'
import { operator } from '../fixtures/oauth/oauth-client.ts'
import { type Change, changes, email, type Made } from './fixtures/changes.ts'

const MOST_STATEMENTS = 40

/** the tables of a change; the other tables record what was published to other stores */
const TABLES = [
  'accounts',
  'sessions',
  'clients',
  'client_secrets',
  'signing_keys',
  'all_tokens',
  'invitations',
  'mail_tokens',
  'deliveries'
] as const

const EMPTIED = [
  'accounts',
  'sessions',
  'client_secrets',
  'clients',
  'invitations',
  'mail_tokens',
  'deliveries'
] as const

const dialectOf = ({ address, folder, poolSize }: DatabaseOptions) =>
  address === null
    ? nodeSqliteDialect(openSqlite(join(folder, 'accounts.sqlite')))
    : postgresDialect({ address, poolSize, statementMs: DATABASE_PATIENCE_MS })

/**
 * A service on a database each of whose statements can be made to fail, and the same database
 * without faults.
 */
async function faultyService(t: Test, { open, options }: TestDatabase) {
  const plain = await open()
  const points = faultPoints()
  const database = new Kysely<Tables>({ dialect: faultyDialect(dialectOf(options), points) })
  t.teardown(() => database.destroy())
  const auth = await authService(t, { database })
  return { auth, points, plain }
}

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: no change is without its audit event, and no event without its change`,
    { skip },
    async (t) => {
      const { auth, points, plain } = await faultyService(t, await make(t))
      const kinds = async () =>
        (await plain.selectFrom('audit_events').select('kind').execute())
          .map(({ kind }) => kind)
          .sort()
      const contents = async () =>
        JSON.stringify(
          await Promise.all(TABLES.map((table) => plain.selectFrom(table).selectAll().execute()))
        )

      const fresh = async (): Promise<Made> => {
        for (const table of EMPTIED) {
          await plain.deleteFrom(table).execute()
        }
        await plain.deleteFrom('signing_keys').where('state', '=', 'standby').execute()
        await plain.updateTable('all_tokens').set({ not_before: 0 }).execute()
        const person = { email, passwordHash: 'a hash', roles: ['user'], scope: ['a'] }
        const by = { source, clock: auth.clock }
        const account = await accountStore(plain).create(person, by)
        if (account === null) throw new Error('the address is taken')
        const openedAt = Math.floor(auth.clock() / 1000)
        const opened = { ...opening, openedAt, expiresAt: openedAt + 1000 }
        await durableSessions(plain, auth.clock).open(account, 'a-session', opened, source, {
          amr: BY_PASSWORD
        })
        const registration = { name: 'reports', scope: ['a'] }
        const method = { authenticationMethod: 'client_secret_basic' } as const
        const { client } = await operator({ ...auth, database: plain }).create(
          { ...registration, ...method },
          source
        )
        const { invitation, secret } = await invitationStore(plain).create(
          { email: null, roles: null, scope: null, expiresAt: openedAt + 1000 },
          by
        )
        const invited = { id: invitation.id, secret }
        return { auth, user: account.id, client: client.id, invitation: invited }
      }

      const prepared = async ({ before }: Change): Promise<Made> => {
        const made = await fresh()
        await before?.(made)
        await plain.deleteFrom('audit_events').execute()
        return made
      }

      /**
       * Makes the change with a fault at this statement. Returns whether the change has this many
       * statements, and the objects with which it begins next time.
       */
      const failAt = async (title: string, at: number, made: Made) => {
        const { make, events } = changes[title] as Change
        const was = await contents()
        points.arm(at, 'before')
        await make(made)
        const where = points.disarm()
        const isChanged = (await contents()) !== was
        t.strictSame(await kinds(), isChanged ? events : [], `${title}: ${where || 'no'} failed`)
        if (where === '') t.ok(isChanged, `${title}, without a fault`)
        const next = isChanged ? await prepared(changes[title] as Change) : made
        return { isFault: where !== '', next }
      }

      for (const title of Object.keys(changes)) {
        let at = 1
        let one = await failAt(title, at, await prepared(changes[title] as Change))
        while (one.isFault) {
          at += 1
          one = await failAt(title, at, one.next)
        }
        t.ok(at > 3 && at < MOST_STATEMENTS, `${title}: ${at - 1} statements failed`)
      }
    }
  )
}
