import { randomBytes } from 'node:crypto'
import { testClock } from '@gatehouse/fixtures/clock'
import type { Kysely } from 'kysely'
import t from 'tap'
import { accountStore } from '../../../src/accounts/account-store.ts'
import type { AuditKind } from '../../../src/audit/audit-event.ts'
import type { Tables } from '../../../src/database/tables.ts'
import { longestTokenSeconds } from '../../../src/keys/longest-token-seconds.ts'
import { generateSigningKey } from '../../../src/keys/signing-key.ts'
import { keySetStore } from '../../../src/keys/store/key-set-store.ts'
import { signingKeyStore } from '../../../src/keys/store/signing-key-store.ts'
import { noteStale, staleTokens } from '../../../src/revocations/stale-tokens.ts'
import { BY_PASSWORD } from '../../../src/sessions/authentication.ts'
import { toRow } from '../../../src/sessions/durable/durable-session.ts'
import { durableSessions } from '../../../src/sessions/durable/durable-sessions.ts'
import { endEverySession } from '../../../src/sessions/durable/end-every-session.ts'
import { endPublications } from '../../../src/sessions/ends/end-publications.ts'
import { databaseKinds } from '../../fixtures/database/databases.ts'
import { source } from '../../fixtures/families/family-steps.ts'
import { opening } from '../../fixtures/families/stores.ts'

/** A user with sessions, and the run of the store to which everything was published. */
async function told(database: Kysely<Tables>, sids: readonly string[]) {
  const clock = testClock()
  const durable = durableSessions(database, clock)
  const ends = endPublications(database, clock)
  const email = 'ada@example.com'
  const made = { email, passwordHash: '', roles: [], scope: [] }
  const account = await accountStore(database).create(made, { source, clock })
  if (account === null) throw new Error('the address is taken')
  const openedAt = Math.floor(clock() / 1000)
  for (const sid of sids) {
    const opened = { ...opening, openedAt, expiresAt: openedAt + 1000 }
    await durable.open(account, sid, opened, source, { amr: BY_PASSWORD })
  }
  /** The store has another run, and may have lost everything. */
  const anotherRun = async (run: string) => {
    await ends.beginRun(run, 0)
    await ends.completeRun(run)
  }
  await anotherRun('a run')
  const of = (sid: string, kind: AuditKind) => ({ kind, subject: account.id, sid, source })
  return {
    clock,
    durable,
    ends,
    anotherRun,
    of,
    subject: account.id,
    async unpublished() {
      const found: string[] = []
      for await (const page of ends.unpublished(Number.MAX_SAFE_INTEGER)) {
        found.push(...page.flatMap(({ sids }) => sids))
      }
      return found
    }
  }
}

async function kinds(database: Kysely<Tables>, sid: string): Promise<string[]> {
  const rows = await database
    .selectFrom('audit_events')
    .select('kind')
    .where('sid', '=', sid)
    .execute()
  return rows.map(({ kind }) => kind).sort()
}

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: ends that were published to one run of the store are published again to the next run`,
    { skip },
    async (t) => {
      const database = await (await make(t)).open()
      const { clock, durable, ends, anotherRun, of, unpublished, subject } = await told(database, [
        'one'
      ])
      await durable.end(of('one', 'logout'))
      const key = await generateSigningKey('EdDSA', 'active')
      const keys = signingKeyStore(database, [randomBytes(32)], clock)
      await keys.insert(key, clock())
      await database.updateTable('signing_keys').set({ untold_until: 1 }).execute()
      await noteStale(database, subject, { before: 1, until: 2 }, 1)
      const append = () => anotherRun('a run that came meanwhile')
      const stale = staleTokens({
        db: database,
        revocations: { append },
        lifetimeSeconds: 1,
        longestTokenSeconds: () => longestTokenSeconds(database),
        clock
      })

      await stale.publishNoted()
      const noted = await database.selectFrom('untold_stale_tokens').selectAll().execute()
      t.match(noted, [{ subject }], 'a change of rights is published again')
      await anotherRun('a run')
      await keySetStore(database).publishRevocation(key.kid, append)
      const [row] = await database.selectFrom('signing_keys').select('untold_until').execute()
      t.equal(row?.untold_until, 1, 'a revoked key')
      t.equal(await ends.note(['one'], 'a run'), false)
      t.strictSame(await unpublished(), ['one'], 'and an end')

      t.equal(await ends.note(['one'], 'a run that came meanwhile'), true)
      t.strictSame(await unpublished(), [])
      await ends.beginRun('another', 0)
      t.equal(await ends.note(['one'], 'a run that came meanwhile'), false)
      t.equal(await ends.completeRun('a run that came meanwhile'), false, 'nor may it count again')
      t.strictSame(await unpublished(), ['one'])
      await anotherRun('another')
      await stale.publishNoted()
      t.equal(await ends.currentRun(), 'a run that came meanwhile')
    }
  )

  t.test(
    `${name}: the sessions of all users end part by part, each with its event`,
    { skip },
    async (t) => {
      const database = await (await make(t)).open()
      const { clock, durable, subject } = await told(database, ['late'])
      const openedAt = Math.floor(clock() / 1000)
      const opened = { ...opening, openedAt: openedAt - 1, expiresAt: openedAt + 1000 }
      const sids = Array.from({ length: 7 }, (_, number) => `sid-${number}`)
      const rows = sids.map((sid) => toRow(subject, sid, opened, openedAt))
      await database.insertInto('sessions').values(rows).execute()
      const end = endEverySession(database, clock, { batch: 3, batches: 2 })
      t.strictSame(await end(openedAt, source), { ended: 6, more: true })
      t.strictSame(await end(openedAt, source), { ended: 1, more: false })
      t.match(await durable.find(subject, 'sid-6'), {
        session: { ended: true, unpublished: false }
      })
      t.match(await durable.find(subject, 'late'), { session: { ended: false } })
      const events = await database
        .selectFrom('audit_events')
        .select('detail')
        .where('kind', '=', 'all-sessions-ended')
        .execute()
      const counts = events.map(({ detail }) => JSON.parse(detail).ended)
      t.strictSame(counts, [3, 3, 1], 'each part with its event')
    }
  )

  t.test(`${name}: an end that the store decided has one event`, { skip }, async (t) => {
    const database = await (await make(t)).open()
    const { clock, durable, of } = await told(database, ['one', 'logged out', 'evicted'])
    const record = async (sid: string, kind: AuditKind) => {
      const twice = [1, 2, 3].map(() => durable.record(of(sid, kind), clock()))
      await Promise.all(twice)
      await durable.record(of(sid, kind), clock())
      return await kinds(database, sid)
    }
    t.strictSame(await record('one', 'refresh-reused'), ['login', 'refresh-reused'])
    const old = await record('of an earlier version', 'refresh-reused')
    t.strictSame(old, ['refresh-reused'], 'also where the database does not know the session')

    await durable.end(of('logged out', 'logout'))
    const both = ['login', 'logout', 'refresh-reused']
    t.strictSame(await record('logged out', 'refresh-reused'), both, 'a theft is recorded')
    await durable.end(of('evicted', 'logout'))
    t.strictSame(await record('evicted', 'session-evicted'), ['login', 'logout'], 'one end only')
  })
}
