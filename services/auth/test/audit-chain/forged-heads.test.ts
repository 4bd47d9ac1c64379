import t from 'tap'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { chainedLog } from './fixtures/chained-log.ts'

const HOUR_MS = 3_600_000

for (const kind of databaseKinds) {
  const { name, skip } = kind

  t.test(
    `${name}: a head that was put in the place of another one is not followed`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      const other = await log.another()
      for (let count = 0; count < 3; count += 1) await log.write()
      await log.chain()
      const genuine = await log.sign()
      // The records are chained anew without the second one, and a head says so.
      await log.db.deleteFrom('audit_events').where('seq', '=', 2).execute()
      await log.db.updateTable('audit_events').set({ seq: null, digest: null }).execute()
      await log.db.updateTable('audit_chain').set({ seq: 0, digest: '' }).execute()
      await log.chain()
      const { last } = await log.state()
      await log.db
        .updateTable('audit_heads')
        .set({ ...last, jws: 'e30..AA' })
        .execute()
      log.clock.advance(HOUR_MS)
      await log.sign()
      const forged = { fault: 'forged-head' }
      t.match(log.found.at(-1), [forged], 'the instance remembers what it signed')
      t.match((await log.heads()).at(-1), { number: 2, intact: false })

      await log.db.deleteFrom('audit_heads').where('number', '=', 2).execute()
      log.clock.advance(HOUR_MS)
      await other.sign()
      t.match(other.found, [[forged]], 'another one finds no published key that has signed it')
      await log.db.deleteFrom('audit_heads').where('number', '=', 1).execute()
      const found = (await log.faults()).map(({ fault }) => fault)
      t.ok(found.includes('not-intact'), `${genuine?.number} was replaced`)
      t.ok(found.includes('missing-head'), 'the first head is not there')
    }
  )
}
