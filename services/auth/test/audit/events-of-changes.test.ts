import { join } from 'node:path'
import { DATABASE_PATIENCE_MS } from '@gatehouse/fixtures/patience'
import { Kysely } from 'kysely'
import t, { type Test } from 'tap'
import { accountStore } from '../../src/accounts/account-store.ts'
import { openSqlite } from '../../src/database/open-sqlite.ts'
import type { DatabaseOptions } from '../../src/database/open-tables.ts'
import { postgresDialect } from '../../src/database/postgres-dialect.ts'
import { nodeSqliteDialect } from '../../src/database/sqlite-dialect.ts'
import type { Tables } from '../../src/database/tables.ts'
import { invitationStore } from '../../src/invitations/invitation-store.ts'
import { issueToken } from '../../src/link-tokens/link-tokens.ts'
import { durableSessions } from '../../src/sessions/durable-sessions.ts'
import { type AuthUnderTest, authService, OPS_TOKEN, password } from '../fixtures/auth-service.ts'
import { databaseKinds, type TestDatabase } from '../fixtures/databases.ts'
import { source } from '../fixtures/family-steps.ts'
import { faultPoints, faultyDialect } from '../fixtures/fault-points.ts'
import { operator } from '../fixtures/oauth-client.ts'
import { opening } from '../fixtures/stores.ts'

const email = 'ada@example.com'
const MOST_STATEMENTS = 40
/** what a change is in; the others say what has been told to other stores */
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
 * A service on a database of which each statement can be made to fail, and the same database
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

type Made = {
  readonly auth: AuthUnderTest
  /** a user with a session */
  readonly user: string
  /** a machine client with a secret */
  readonly client: string
  readonly invitation: { readonly id: string; readonly secret: string }
}

type Change = {
  /** what it begins with, besides a user and a client */
  readonly before?: (made: Made) => Promise<unknown>
  readonly make: (made: Made) => Promise<unknown>
  /** its events, in alphabetical order */
  readonly events: readonly string[]
}

const call = ({ auth }: Made, method: 'POST' | 'PUT' | 'DELETE', path: string, payload?: object) =>
  auth.ops.inject({
    method,
    url: `/ops${path}`,
    headers: { authorization: `Bearer ${OPS_TOKEN}` },
    ...(payload === undefined ? {} : { payload })
  })

/** of a link in a letter */
const token = 'a'.repeat(43)

const newcomer = { email: 'new@example.com', password }
const imported = { email: newcomer.email, passwordHash: `$2b$10$${'a'.repeat(53)}` }

const changes: Record<string, Change> = {
  'a registration': {
    make: ({ auth }) => auth.post('/register', newcomer),
    events: ['user-created']
  },
  'a user that an operator makes': {
    make: (made) => call(made, 'POST', '/users', newcomer),
    events: ['user-created']
  },
  'an imported user': {
    make: (made) => call(made, 'POST', '/users/import', { users: [imported] }),
    events: ['user-imported']
  },
  'other roles': {
    make: (made) => call(made, 'PUT', `/users/${made.user}/roles`, { roles: ['admin'] }),
    events: ['roles-changed']
  },
  'another scope': {
    make: (made) => call(made, 'PUT', `/users/${made.user}/scope`, { scope: ['reports'] }),
    events: ['scope-changed']
  },
  'another address': {
    make: (made) => call(made, 'PUT', `/users/${made.user}/email`, { email: newcomer.email }),
    events: ['email-changed']
  },
  'another password': {
    make: (made) => call(made, 'PUT', `/users/${made.user}/password`, { password }),
    events: ['password-set']
  },
  'a password that is set with a link': {
    before: ({ auth, user }) => {
      const owner = { id: user, email, passwordVersion: 0 }
      const issued = { token, purpose: 'password-reset', owner, lifetimeSeconds: 1000 } as const
      return issueToken(auth.database, issued, auth.clock())
    },
    make: ({ auth }) => auth.post('/password/reset', { token, newPassword: password }),
    events: ['password-reset']
  },
  'a disabled user': {
    make: (made) => call(made, 'POST', `/users/${made.user}/disable`),
    events: ['user-disabled']
  },
  'a user who is enabled again': {
    before: (made) => call(made, 'POST', `/users/${made.user}/disable`),
    make: (made) => call(made, 'POST', `/users/${made.user}/enable`),
    events: ['user-enabled']
  },
  'a deleted user': {
    make: (made) => call(made, 'DELETE', `/users/${made.user}`),
    events: ['user-deleted']
  },
  'the end of all sessions': {
    make: (made) => call(made, 'DELETE', `/users/${made.user}/sessions`),
    events: ['logout-all']
  },
  'the end of the sessions of all users': {
    make: ({ auth }) =>
      auth.state.durable.endEvery(Number.MAX_SAFE_INTEGER, source).catch(() => {}),
    events: ['all-sessions-ended']
  },
  'a new client': {
    make: (made) => call(made, 'POST', '/clients', { name: 'billing', scope: ['a'] }),
    events: ['client-created']
  },
  'an invitation': {
    make: (made) => call(made, 'POST', '/invitations', { email: newcomer.email }),
    events: ['invitation-created']
  },
  'a revoked invitation': {
    make: (made) => call(made, 'DELETE', `/invitations/${made.invitation.id}`),
    events: ['invitation-revoked']
  },
  'a registration with an invitation': {
    make: ({ auth, invitation }) =>
      auth.post('/register', { ...newcomer, invitation: invitation.secret }),
    events: ['invitation-used', 'user-created']
  },
  'another secret': {
    make: (made) => call(made, 'POST', `/clients/${made.client}/secrets`),
    events: ['client-secret-added']
  },
  'a disabled client': {
    make: (made) => call(made, 'POST', `/clients/${made.client}/disable`),
    events: ['client-disabled']
  },
  'a client that is enabled again': {
    before: (made) => call(made, 'POST', `/clients/${made.client}/disable`),
    make: (made) => call(made, 'POST', `/clients/${made.client}/enable`),
    events: ['client-enabled']
  },
  'all tokens made stale': {
    make: ({ auth }) => auth.stale.makeAllStale(1, source).catch(() => {}),
    events: ['tokens-revoked']
  },
  'a new key': {
    make: (made) => call(made, 'POST', '/keys', {}),
    events: ['key-created']
  }
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
        await durableSessions(plain, auth.clock).open(account, 'a-session', opened, source)
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
       * Makes the change with a fault at this statement. Whether it has so many, and what it begins
       * with next time.
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
