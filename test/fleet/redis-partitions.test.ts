import { familiesKey } from '@gatehouse/auth/sessions/families/redis-family-keys'
import type { Tables } from '@gatehouse/auth/testing/database/tables'
import { eventually } from '@gatehouse/fixtures/client'
import { redisCluster } from '@gatehouse/fixtures/redis-cluster'
import { redisMissing } from '@gatehouse/fixtures/redis-server'
import { sessionPartitions } from '@gatehouse/redis/partitions'
import type { Kysely } from 'kysely'
import t from 'tap'
import {
  authOf,
  databaseOf,
  FRESH_SECONDS,
  gatewayOf,
  LONG_MS,
  PARTITIONS,
  type Session,
  source,
  subjectIn
} from './fixtures/partitioned-sessions.ts'

/** More ends of a user than one statement reads; their ids are the first ones. */
async function manyEnds(db: Kysely<Tables>, subject: string): Promise<void> {
  const [row] = await db.selectFrom('sessions').selectAll().where('subject', '=', subject).execute()
  if (row === undefined) throw new Error('the user has a session')
  const rows = Array.from({ length: 501 }, (_, number) => ({ ...row, sid: `-${number}` }))
  for (const part of [rows.slice(0, 250), rows.slice(250)]) {
    await db.insertInto('sessions').values(part).execute()
  }
}

t.test('partitions of the sessions on a Redis Cluster', { skip: redisMissing }, async (t) => {
  const cluster = await redisCluster(t)
  const auth = authOf(t, cluster.url)
  await auth.beat()
  const gateway = gatewayOf(t, cluster.url)
  await gateway.becomesFresh()
  const partitions = sessionPartitions(PARTITIONS)
  const [one = '', two = '', last = ''] = [partitions[0], partitions[8], partitions.at(-1)]
  const refreshed = (session: Session) =>
    eventually(
      () => auth.refresh(session).catch(String),
      (outcome) => outcome === 'rotated',
      LONG_MS
    )

  t.test('each node has sessions, and a gateway learns of every end', async (t) => {
    t.equal(gateway.isLoaded(), true)
    const sessions = await Promise.all(partitions.map((of) => auth.open(subjectIn(of))))
    const families = (await cluster.keys()).map(
      (keys) => keys.filter((key) => sessions.some(({ subject }) => key.endsWith(subject))).length
    )
    t.strictSame(families.sort(), [5, 5, 6], 'the nodes share them')
    await Promise.all(sessions.map(auth.end))
    for (const session of sessions) t.equal(await gateway.knows(session), true)
  })

  t.test('a node that does not answer affects only its partitions', async (t) => {
    const [away, here] = [await auth.open(subjectIn(one)), await auth.open(subjectIn(last))]
    const thaw = await cluster.freezeOwnerOf(familiesKey(away.subject, one))
    await t.rejects(auth.refresh(away), { code: 'UNAVAILABLE' })
    t.equal(await refreshed(here), 'rotated')
    await auth.end(here)
    t.equal(await gateway.knows(here), true)
    t.ok((await gateway.becomesStale()) > FRESH_SECONDS, 'the oldest log decides')
    thaw()
    t.equal(await refreshed(away), 'rotated')
    t.ok((await gateway.becomesFresh()) < FRESH_SECONDS)
    await auth.end(away)
    t.equal(await gateway.knows(away), true)
  })

  t.test(
    'while a node does not answer, unfinished work in the other partitions is completed',
    async (t) => {
      const { db, durable, openIn, settler } = await databaseOf(t, auth.families)
      const open = (partition: string) => openIn(partition, auth.open)
      const [away, ended, reused] = [await open(one), await open(last), await open(two)]
      await settler().settle()
      const run = await auth.run()
      // Their processes were killed: the database has the ends of two, and the store has that of one.
      for (const { subject, sid } of [away, ended]) {
        await durable.end({ kind: 'logout', subject, sid, source })
      }
      t.equal(await auth.refresh(reused), 'rotated')
      t.equal(await auth.refresh({ ...reused, generation: 0 }), 'reused')
      await manyEnds(db, away.subject)

      const thaw = await cluster.freezeOwnerOf(familiesKey(away.subject, one))
      t.equal(await auth.run(run), run, 'a node that does not answer has no new run')
      await t.rejects(settler().settle(), { code: 'UNAVAILABLE' })
      t.equal(await gateway.knows(ended), true)
      t.match(await durable.find(ended.subject, ended.sid), { session: { unpublished: false } })
      t.match(await durable.find(reused.subject, reused.sid), { session: { ended: true } })
      t.match(await durable.find(away.subject, away.sid), { session: { unpublished: true } })
      thaw()
      await eventually(
        () =>
          settler()
            .settle()
            .then(
              () => true,
              () => false
            ),
        (isDone) => isDone,
        LONG_MS
      )
      t.equal(await gateway.knows(away), true)
    }
  )

  t.test('a slot that moves takes its sessions and its log along', async (t) => {
    const session = await auth.open(subjectIn(two))
    await cluster.moveSlotOf(familiesKey(session.subject, two))
    t.equal(await refreshed(session), 'rotated')
    await auth.end(session)
    t.equal(await gateway.knows(session), true)
    t.equal(await auth.refresh(session), 'ended')
  })

  t.test('a replica that takes over continues the sessions and the logs', async (t) => {
    const session = await auth.open(subjectIn(last))
    const before = await auth.run()
    await cluster.failOverOwnerOf(familiesKey(session.subject, last))
    t.equal(await refreshed(session), 'rotated')
    t.ok((await gateway.becomesFresh()) < FRESH_SECONDS)
    await auth.end(session)
    t.equal(await gateway.knows(session), true)
    t.not(await auth.run(), before, 'ends that it may have lost are published again')
  })
})
