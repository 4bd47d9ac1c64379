import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { testClock } from '@gatehouse/fixtures/clock'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t from 'tap'
import { source } from '../../fixtures/families/family-steps.ts'
import { opening, policy, revokedSids, sqliteStore } from '../../fixtures/families/stores.ts'

t.test('the state of a family survives a restart', async (t) => {
  const file = join(dataFolder(t), 'sessions.sqlite')
  const clock = testClock()
  const subject = randomUUID()
  const before = sqliteStore(t, { policy, clock }, file)
  await before.families.open(subject, 'rotated', opening)
  await before.families.present(subject, 'rotated', 0)
  await before.families.open(subject, 'ended', opening)
  await before.families.end(subject, 'ended')
  const listed = await before.families.list(subject)
  before.close()

  const after = sqliteStore(t, { policy, clock }, file)

  t.strictSame(await after.families.list(subject), listed, 'the unchanged record')
  t.equal((await after.families.present(subject, 'rotated', 0)).outcome, 'replayed')
  t.equal((await after.families.present(subject, 'ended', 0)).outcome, 'ended')
  t.strictSame(await revokedSids(after), ['ended'], 'the log too')
})

t.test('a step that fails half-way changes nothing', async (t) => {
  const clock = testClock()
  const { families } = sqliteStore(t, { policy: { ...policy, sessionsPerUser: 1 }, clock })
  const subject = randomUUID()
  await families.open(subject, 'first', opening)
  const unfit = { ...opening, label: null as unknown as string }

  await t.rejects(families.open(subject, 'second', unfit), 'the row is refused by its table')

  t.strictSame(
    (await families.list(subject)).map(({ sid }) => sid),
    ['first'],
    'the one that had to make room for it has not ended'
  )
})

t.test('one user cannot reach the families of another', async (t) => {
  const { families } = sqliteStore(t, { policy, clock: testClock() })
  const [owner, other] = [randomUUID(), randomUUID()]
  await families.open(owner, 'one', opening)

  t.equal((await families.present(other, 'one', 0)).outcome, 'ended')
  t.equal(await families.end(other, 'one'), false)
  t.equal(await families.endAll(other, null), 0)
  t.strictSame(await families.list(other), [])
  t.equal((await families.list(owner)).length, 1, 'it lives on')
})

t.test('a locked file makes sessions unavailable, and loses none', async (t) => {
  const file = join(dataFolder(t), 'sessions.sqlite')
  const { families } = sqliteStore(t, { policy, clock: testClock() }, file)
  const subject = randomUUID()
  await families.open(subject, 'one', opening)
  const holder = new DatabaseSync(file)
  holder.exec('begin immediate')

  await t.rejects(families.present(subject, 'one', 0), { code: 'UNAVAILABLE' })

  holder.exec('rollback')
  holder.close()
  t.equal((await families.present(subject, 'one', 0)).outcome, 'rotated')
})

t.test('the note of an end is stored in the form of earlier versions', async (t) => {
  const file = join(dataFolder(t), 'sessions.sqlite')
  const { families } = sqliteStore(t, { policy, clock: testClock() }, file)
  const subject = randomUUID()
  await families.open(subject, 'one', opening)
  for (const generation of [0, 1, 0]) await families.present(subject, 'one', generation)

  const stored = new DatabaseSync(file, { readOnly: true })
  const note = stored.prepare('select ending from unrecorded_ends').get()
  stored.close()
  t.match(JSON.parse(String(note?.ending)), { subject, sid: 'one', origin: source })
  t.match(await families.store.unrecorded(), { ends: [{ sid: 'one', source }], unreadable: 0 })
})
