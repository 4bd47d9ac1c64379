import { testClock } from '@gatehouse/fixtures/clock'
import t, { type Test } from 'tap'
import { accountStore } from '../../../src/accounts/account-store.ts'
import { accountChanges } from '../../../src/accounts/changes/account-changes.ts'
import { eraseTraces } from '../../../src/accounts/changes/erase-traces.ts'
import { auditLog, writeAudit } from '../../../src/audit/audit-log.ts'
import { BY_PASSWORD } from '../../../src/sessions/authentication.ts'
import { durableSessions } from '../../../src/sessions/durable/durable-sessions.ts'
import { databaseKinds } from '../../fixtures/database/databases.ts'
import { source } from '../../fixtures/families/family-steps.ts'

const clock = testClock()
const person = { passwordHash: 'hash', roles: ['user'], scope: ['a'] }
const byOperator = { address: 'ops', requestId: 'by-an-operator' }
const lasting = { openedAt: clock() / 1000, expiresAt: clock() / 1000 + 1000 }
const opened = { ...lasting, clientId: '', scope: '', label: 'Firefox on Linux' }

for (const { name, skip, make } of databaseKinds) {
  const open = async (t: Test) => {
    const database = await (await make(t)).open()
    const accounts = accountStore(database)
    const of = async (email: string) => {
      const account = await accounts.create({ email, ...person }, { source, clock })
      if (account === null) throw new Error('taken')
      return account
    }
    return { database, accounts, of, changes: accountChanges(database) }
  }
  const change = () => ({ stale: () => ({ before: 7, until: 9 }), source: byOperator, clock })

  t.test(
    `${name}: of ten accounts that change to one address, one gets it`,
    { skip },
    async (t) => {
      const { accounts, of, changes } = await open(t)
      const ids = await Promise.all(
        Array.from({ length: 10 }, async (_, n) => (await of(`${n}@example.com`)).id)
      )
      const outcomes = await Promise.allSettled(
        ids.map((id) =>
          changes.setEmail(id, { email: 'new@example.com', emailTyped: null }, change())
        )
      )
      t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') t.match(outcome.reason, { code: 'CONFLICT' })
      }
      t.ok(ids.includes((await accounts.findByEmail('new@example.com'))?.id ?? ''))
    }
  )

  t.test(
    `${name}: a change of scope or address makes earlier tokens stale`,
    { skip },
    async (t) => {
      const { database, accounts, of, changes } = await open(t)
      const { id } = await of('ada@example.com')
      await changes.setScope(id, ['b', 'c'], change())
      await changes.setEmail(id, { email: 'countess@example.com', emailTyped: null }, change())
      t.match(await accounts.findById(id), {
        scope: ['b', 'c'],
        email: 'countess@example.com',
        tokensNotBefore: 7,
        rightsVersion: 2
      })
      t.match(await database.selectFrom('untold_stale_tokens').selectAll().execute(), [
        { subject: id, before: 7, until: 9, rights_version: 2 }
      ])
      const kinds = (await auditLog(database, clock).read({ subject: id, limit: 9 })).map(
        ({ kind }) => kind
      )
      t.strictSame(kinds.sort(), ['email-changed', 'scope-changed', 'user-created'])
    }
  )

  t.test(`${name}: a password that an operator sets ends every session`, { skip }, async (t) => {
    const { database, accounts, of, changes } = await open(t)
    const [ada, eve] = [await of('ada@example.com'), await of('eve@example.com')]
    const sessions = durableSessions(database, clock)
    for (const sid of ['one', 'two'])
      await sessions.open(ada, sid, opened, source, { amr: BY_PASSWORD })
    await sessions.open(eve, 'other', opened, source, { amr: BY_PASSWORD })

    const ended = await changes.setPassword(ada.id, 'another hash', change())

    t.strictSame(ended?.sort(), ['one', 'two'])
    t.match(await accounts.findById(ada.id), { passwordHash: 'another hash', passwordVersion: 1 })
    t.equal(
      await sessions.open(ada, 'late', opened, source, { amr: BY_PASSWORD }),
      null,
      'a login with the old password'
    )
    t.match(await sessions.find(eve.id, 'other'), { session: { ended: false } })
    t.equal(await changes.setPassword('nobody', 'hash', change()), null)
  })

  t.test(`${name}: a change that waits has the time at which it is made`, { skip }, async (t) => {
    const { database, of, changes } = await open(t)
    const ada = await of('ada@example.com')
    await durableSessions(database, clock).open(ada, 'one', opened, source, { amr: BY_PASSWORD })
    const asked = clock()

    const disabling = changes.disable(ada.id, {
      stale: () => ({ before: clock(), until: clock() }),
      source: byOperator,
      clock
    })
    clock.advance(400_000)

    t.strictSame(await disabling, ['one'])
    // An end that looks old would not be published to a session store that has lost everything.
    t.match(await database.selectFrom('sessions').selectAll().execute(), [
      { ended_at_ms: asked + 400_000 }
    ])
    t.match(await database.selectFrom('untold_stale_tokens').selectAll().execute(), [
      { before: asked + 400_000 }
    ])
  })

  t.test(`${name}: the audit trail of a deleted account remains`, { skip }, async (t) => {
    const { database, accounts, of, changes } = await open(t)
    const [ada, eve] = [await of('ada@example.com'), await of('eve@example.com')]
    const sessions = durableSessions(database, clock)
    for (const { id, ...account } of [ada, eve]) {
      await sessions.open({ id, ...account }, `session of ${account.email}`, opened, source, {
        amr: BY_PASSWORD
      })
    }
    const event = { kind: 'user-created', subject: ada.id, sid: null, source: byOperator } as const
    await writeAudit(database, event, clock())

    t.strictSame(await changes.erase(ada.id, change()), ['session of ada@example.com'])

    t.equal(await accounts.findById(ada.id), null)
    const log = await auditLog(database, clock).read({ subject: ada.id, limit: 9 })
    t.strictSame(
      log.map(({ kind, source }) => `${kind} ${source.address}`).sort(),
      ['login ', 'user-created ', 'user-created ops', 'user-deleted ops'],
      'without the network address'
    )
    const rows = await database.selectFrom('sessions').selectAll().orderBy('sid').execute()
    t.match(rows, [
      { subject: ada.id, label: '', ended_at_ms: Number },
      { subject: eve.id, label: opened.label, ended_at_ms: null }
    ])
    const [login] = await auditLog(database, clock).read({ subject: eve.id, limit: 1 })
    t.equal(login?.source.address, source.address, 'the events of others keep it')
    t.match(await database.selectFrom('untold_stale_tokens').selectAll().execute(), [
      { subject: ada.id, rights_version: 1 }
    ])
    t.equal(
      await sessions.open(ada, 'late', opened, source, { amr: BY_PASSWORD }),
      null,
      'a login that was under way'
    )
    // A wrong password that was compared meanwhile, and a browser that still has its cookie.
    for (const kind of ['login-failed', 'refresh-ended'] as const) {
      await auditLog(database, clock).write({ kind, subject: ada.id, sid: null, source })
    }
    const later = await auditLog(database, clock).read({ subject: ada.id, limit: 9 })
    t.equal(later.length, 6)
    t.notOk(later.some((event) => event.source.address === source.address))
    t.equal(await changes.erase(ada.id, change()), null, 'there is nothing left to delete')
    t.ok(await of('ada@example.com'), 'the address is free again')
  })

  t.test(
    `${name}: the traces of a deleted account with many events are erased in batches`,
    { skip },
    async (t) => {
      const { database, of, changes } = await open(t)
      const { id } = await of('ada@example.com')
      const events = 4300
      for (let from = 0; from < events; from += 500) {
        const some = Array.from({ length: Math.min(500, events - from) }, (_, at) => ({
          at_ms: clock() + from + at,
          kind: 'logout' as const,
          subject: id,
          sid: null,
          address: '192.0.2.1',
          request_id: '',
          detail: '{}'
        }))
        await database.insertInto('audit_events').values(some).execute()
      }
      const left = async () => {
        const rows = database.selectFrom('audit_events').select('at_ms')
        return (await rows.where('address', '=', '192.0.2.1').execute()).length
      }
      t.strictSame(await changes.erase(id, change()), [])
      t.ok((await left()) > 0, `${await left()} are left for the background`)
      while (await eraseTraces(database));
      t.equal(await left(), 0)
      t.strictSame(await database.selectFrom('erasures').selectAll().execute(), [])
    }
  )
}
