import t from 'tap'
import {
  addressDigest,
  type ChainContent,
  type ChainPlace,
  type ChainRecord,
  recordDigest
} from '../src/chain-record.ts'
import { recordVerifier } from '../src/verify-records.ts'

const SALT = 'c2FsdA'

/** The place before the first record. */
const CHAIN_START: ChainPlace = { seq: 0, digest: '' }

/** A chain of events, as the auth service makes it. */
function chainOf(contents: readonly (Partial<ChainContent> & { address?: string })[]) {
  let place = CHAIN_START
  return contents.map((content): ChainRecord => {
    const { address = '192.0.2.7', ...rest } = content
    const record = {
      seq: place.seq + 1,
      at: '2026-11-30T05:00:00.000Z',
      kind: 'login',
      user: 'ada',
      session: 'a-session',
      requestId: 'a-request',
      operator: null,
      detail: { ended: 1 },
      ...rest,
      address,
      addressSalt: SALT,
      addressDigest: addressDigest(SALT, address)
    }
    const digest = recordDigest(place.digest, record)
    place = { seq: record.seq, digest }
    return { ...record, digest }
  })
}

function faultsOf(
  records: readonly ChainRecord[],
  { last = records.at(-1)?.seq ?? 0, from = CHAIN_START, heads = [] as ChainHeads } = {}
) {
  const verifier = recordVerifier(from, heads)
  for (const record of records) verifier.next(record)
  verifier.end(last)
  verifier.endAddresses()
  return verifier.faults.described.map(({ fault, seq }) => ({ fault, seq }))
}

type ChainHeads = { number: number; seq: number; digest: string; at: string }[]

const five = chainOf([{}, {}, {}, {}, {}])

/** The five records, with other members in the third. */
const with3 = (other: Partial<ChainRecord>) =>
  five.map((record) => (record.seq === 3 ? { ...record, ...other } : record))

t.test('a chain as it was written verifies, from its start and from a later place', async (t) => {
  t.strictSame(faultsOf(five), [])
  const [, second, ...rest] = five
  t.strictSame(faultsOf(rest, { from: second ?? CHAIN_START }), [])
  t.strictSame(faultsOf([]), [])
})

t.test('a change of any member of a record is found', async (t) => {
  const changes: Partial<ChainRecord>[] = [
    { at: '2026-11-30T05:00:00.001Z' },
    { kind: 'logout' },
    { user: null },
    { user: 'eve' },
    { session: null },
    { requestId: '' },
    { operator: 'eve' },
    { detail: {} },
    { detail: { ended: 2 } },
    { detail: { ended: '1' } },
    { address: '192.0.2.8' },
    { addressSalt: 'b3RoZXI' },
    { addressSalt: null },
    { addressDigest: addressDigest(SALT, '192.0.2.8') }
  ]
  for (const change of changes) {
    t.match(faultsOf(with3(change)), [{ fault: 'altered', seq: 3 }], JSON.stringify(change))
  }
})

t.test('a record with a new digest does not fit the next one', async (t) => {
  const [, second] = five
  const other = { ...five[2], kind: 'logout' } as ChainRecord
  const digest = recordDigest(second?.digest ?? '', other)
  t.strictSame(faultsOf(with3({ kind: 'logout', digest })), [{ fault: 'altered', seq: 4 }])
})

t.test('moving text between adjacent members changes the digest', async (t) => {
  const digests = [
    { kind: 'login', user: 'a' },
    { kind: 'logina', user: '' },
    { kind: 'login', user: null, session: 'a' }
  ].map((content) => chainOf([content])[0]?.digest)
  t.equal(new Set(digests).size, digests.length)
})

t.test('removed, added and exchanged records are found', async (t) => {
  const without = (...numbers: number[]) => five.filter(({ seq }) => !numbers.includes(seq))
  t.strictSame(faultsOf(without(2, 3)), [{ fault: 'missing', seq: 2 }])
  t.strictSame(faultsOf(without(1)), [{ fault: 'missing', seq: 1 }])
  t.strictSame(faultsOf(without(5), { last: 5 }), [{ fault: 'missing-tail', seq: 5 }])
  t.strictSame(faultsOf(five.flatMap((one) => [one, one])).length, 5, 'each one twice')
  t.strictSame(faultsOf([...five, { ...five[4], seq: 6 } as ChainRecord]), [
    { fault: 'altered', seq: 6 }
  ])
})

t.test('a chain that was written again differs from its signed heads', async (t) => {
  const heads = [2, 4].map((seq, at) => ({
    number: at + 1,
    seq,
    digest: five[seq - 1]?.digest ?? '',
    at: '2026-11-30T05:00:00.000Z'
  }))
  t.strictSame(faultsOf(five, { heads }), [])
  const rewritten = chainOf([{}, {}, { user: 'eve' }, {}, {}])
  t.strictSame(faultsOf(rewritten), [], 'in itself it has no fault')
  t.strictSame(faultsOf(rewritten, { heads }), [{ fault: 'rewritten', seq: 4 }])
})

t.test('an address is erased only with the data of its user', async (t) => {
  const erased = (user: string) => (record: ChainRecord) =>
    record.user === user && record.kind === 'login'
      ? { ...record, address: '', addressSalt: null }
      : record
  const chain = chainOf([{ user: 'ada' }, { user: 'eve' }, { user: 'ada', kind: 'user-deleted' }])
  t.strictSame(faultsOf(chain.map(erased('ada'))), [])
  t.strictSame(faultsOf(chain.map(erased('eve'))), [{ fault: 'address-removed', seq: 2 }])
  const replaced = chain.map((one) => ({ ...erased('ada')(one), address: '192.0.2.9' }))
  t.strictSame(
    faultsOf(replaced).map(({ fault }) => fault),
    ['altered', 'altered', 'altered'],
    'another address in its place'
  )
})

t.test(
  'records that were written while no head was signed show that heads were removed',
  async (t) => {
    const hour = (at: number) => `2026-11-30T${String(at).padStart(2, '0')}:30:00.000Z`
    const chain = chainOf([1, 2, 3, 4, 5, 6, 7].map((at) => ({ at: hour(at) })))
    const headsAt = (...hours: number[]) =>
      hours.map((at, index) => ({
        number: index + 1,
        seq: at,
        digest: chain[at - 1]?.digest ?? '',
        at: `2026-11-30T${String(at).padStart(2, '0')}:59:00.000Z`
      }))
    t.strictSame(faultsOf(chain, { heads: headsAt(1, 2, 3, 4, 5, 6, 7) }), [])
    t.strictSame(faultsOf(chain, { heads: headsAt(1, 3, 5, 7) }), [], 'one is late')
    t.strictSame(faultsOf(chain, { heads: headsAt(1, 7) }), [{ fault: 'missing-head', seq: 4 }])
    const stopped = chainOf([1, 7].map((at) => ({ at: hour(at) })))
    const [first, last] = headsAt(1, 7)
    const heads = [first, last].flatMap((head, at) =>
      head === undefined ? [] : { ...head, seq: at + 1, digest: stopped[at]?.digest ?? '' }
    )
    t.strictSame(faultsOf(stopped, { heads }), [], 'nothing was written while none was signed')
  }
)
