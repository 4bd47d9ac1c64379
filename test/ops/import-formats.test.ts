import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { csvEntries } from '@gatehouse/ops/testing/import/csv'
import { foreignUser } from '@gatehouse/ops/testing/import/foreign-user'
import { EntryFault } from '@gatehouse/ops/testing/import/line'
import { ndjsonEntries } from '@gatehouse/ops/testing/import/ndjson'
import t from 'tap'

async function all<Value>(entries: AsyncIterable<Value>): Promise<Value[]> {
  const found: Value[] = []
  for await (const entry of entries) found.push(entry)
  return found
}

/** The text in pieces of each size: the result does not depend on where a piece ends. */
async function inPieces<Value>(
  text: string,
  read: (chunks: AsyncIterable<string>) => AsyncIterable<Value>
): Promise<Value[]> {
  const whole = await all(read(pieces(text, text.length + 1)))
  for (const size of [1, 2, 7]) {
    t.strictSame(await all(read(pieces(text, size))), whole, `in pieces of ${size}`)
  }
  return whole
}

async function* pieces(text: string, size: number) {
  for (let from = 0; from < text.length; from += size) yield text.slice(from, from + size)
}

t.test(
  'a user is disabled if any member says that the other system keeps the user out',
  async (t) => {
    const options = {
      roles: undefined,
      scope: undefined,
      firebase: null,
      clock: () => Date.parse('2026-01-01T00:00:00Z')
    }
    const isDisabled = (members: object) =>
      foreignUser({ email: 'ada@example.com', ...members }, options).disabled
    const keptOut = [
      { disabled: 'f', blocked: 't' },
      { blocked: false, is_active: false },
      { disabled: 'no', enabled: 'no' },
      { isActive: true, active: 0 },
      { is_banned: 1 },
      { suspended: 'yes', enabled: true },
      // Supabase: auth.users
      { banned_until: '2026-01-01 00:00:01+00' },
      { banned_until: 'infinity', deleted_at: null },
      { banned_until: '', deleted_at: '2025-01-01 00:00:00.123+00' }
    ]
    for (const members of keptOut) t.equal(isDisabled(members), true, JSON.stringify(members))
    const admitted = [
      { disabled: false },
      { enabled: 'true', is_active: '1', blocked: 'f' },
      { banned_until: '2025-12-31 23:59:59+00', deleted_at: '' }
    ]
    for (const members of admitted) t.equal(isDisabled(members), false, JSON.stringify(members))
    t.equal(isDisabled({}), undefined, 'the default of an import')
    t.throws(
      () => isDisabled({ blocked: false, enabled: 'perhaps' }),
      /has a value in enabled that/
    )
    t.throws(() => isDisabled({ banned_until: 'soon' }), /in banneduntil that is not a time/)
  }
)

t.test('CSV is read as RFC 4180 says', async (t) => {
  const text = 'a,b\r\n1,2\n"x, ""y""\nz",\r\n\n"",""\n3\n"4"5,6\nlast,"'
  const read = await inPieces(text, csvEntries)
  t.match(read, [
    { line: 2, value: { a: '1', b: '2' } },
    { line: 3, value: { a: 'x, "y"\nz', b: '' } },
    { line: 6, value: { a: '', b: '' } },
    { line: 7, value: EntryFault },
    { line: 8, value: EntryFault },
    { line: 9, value: EntryFault }
  ])
  t.equal(read.length, 6)
})

t.test('an endless entry is not kept in memory', async (t) => {
  const collect = setFlagsFromString('--expose-gc') ?? runInNewContext('gc')
  const pieces = [
    { read: csvEntries, begin: 'a\n"', piece: 'x'.repeat(16_384) },
    { read: csvEntries, begin: 'a\n', piece: ','.repeat(16_384) },
    { read: ndjsonEntries, begin: 'a\n"', piece: 'x'.repeat(16_384) }
  ]
  for (const { read, begin, piece } of pieces) {
    let used = 0
    async function* endless() {
      yield begin
      collect()
      const before = process.memoryUsage().heapUsed
      for (let n = 0; n < 256; n += 1) yield piece
      collect()
      used = process.memoryUsage().heapUsed - before
    }
    const entries = await all<{ value: unknown }>(read(endless()))
    t.match(entries.at(-1)?.value, EntryFault)
    t.ok(used < 1024 * 1024, `${Math.round(used / 1024)} KiB are in use after 4 MiB`)
  }
})
