import { testClock } from '@gatehouse/fixtures/clock'
import t, { type Test } from 'tap'
import { accountStore } from '../../../src/accounts/account-store.ts'
import { accountImports } from '../../../src/accounts/imports/account-imports.ts'
import {
  type ForeignUser,
  ImportFault,
  importedAccount
} from '../../../src/accounts/imports/imported-account.ts'
import { auditLog } from '../../../src/audit/audit-log.ts'
import { issueToken, newToken } from '../../../src/link-tokens/link-tokens.ts'
import { databaseKinds } from '../../fixtures/database/databases.ts'

const clock = testClock()
const policy = () => ({
  roles: ['user'],
  scope: ['orders:read'],
  allowNoPassword: false,
  nowMs: clock(),
  costs: new Set<string>()
})
const bcrypt = '$2b$10$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2'
const by = { source: { address: 'ops', requestId: 'an-import' }, clock }
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

for (const { name, skip, make } of databaseKinds) {
  const open = async (t: Test) => {
    const database = await (await make(t)).open()
    return { database, accounts: accountStore(database), imports: accountImports(database) }
  }
  const account = (n: number, email = `${n}@example.com`) =>
    importedAccount({ email, passwordHash: bcrypt, id: id(n) }, policy())

  t.test(`${name}: existing accounts are not changed by an import`, { skip }, async (t) => {
    const { database, accounts, imports } = await open(t)
    const [first, second] = [account(1), account(2)]
    t.strictSame(await imports.store([first, second], by), [null, null])
    const again = [
      account(3),
      account(4, first.email),
      account(2, 'other@example.com'),
      account(3),
      account(5, '3@example.com'),
      account(3, 'third@example.com')
    ]
    const outcomes = [null, 'email', 'id', 'email', 'email', 'id']
    t.strictSame(await imports.tryOut(again, clock()), outcomes, 'a dry run says so')
    t.equal(await accounts.findByEmail('3@example.com'), null, 'and stores nothing')
    t.strictSame(await imports.store(again, by), outcomes)
    t.match(await accounts.findById(id(1)), { email: first.email, passwordHash: bcrypt })
    t.match(await accounts.findById(id(2)), { email: second.email })
    t.match(await accounts.findById(id(3)), { email: '3@example.com', roles: ['user'] })
    t.equal((await accounts.list({ after: '', limit: 10 })).length, 3)
    const events = await auditLog(database, clock).read({ limit: 10 })
    t.strictSame(events.map(({ kind, subject }) => `${kind} ${subject}`).sort(), [
      ...[1, 2, 3].map((n) => `user-imported ${id(n)}`)
    ])
    t.strictSame(await imports.store([], by), [])
  })

  t.test(
    `${name}: an address that its owner may take back is not imported`,
    { skip },
    async (t) => {
      const { database, accounts, imports } = await open(t)
      const owner = { id: id(9), email: '1@example.com', passwordVersion: 0 }
      const undo = { token: newToken(), purpose: 'email-undo', owner, lifetimeSeconds: 60 } as const
      await issueToken(database, undo, clock())
      const wanted = [account(1), account(2), account(9, owner.email)]
      const outcomes = ['email', null, null]
      t.strictSame(await imports.tryOut(wanted, clock()), outcomes, 'a dry run says so')
      t.strictSame(await imports.store(wanted.slice(0, 2), by), outcomes.slice(0, 2))
      t.equal(await accounts.findByEmail(owner.email), null)
      t.strictSame(await imports.store(wanted.slice(2), by), [null], 'but for its owner')
      const kinds = (await auditLog(database, clock).read({ limit: 10 })).map(
        ({ subject }) => subject
      )
      t.strictSame(kinds.sort(), [id(2), id(9)])
    }
  )

  t.test(`${name}: two simultaneous imports create each user once`, { skip }, async (t) => {
    const { accounts, imports } = await open(t)
    const users = Array.from({ length: 40 }, (_, n) => account(n))
    const both = await Promise.all([
      imports.store(users, by),
      imports.store(users.toReversed(), by)
    ])
    t.equal(both.flat().filter((outcome) => outcome === null).length, 40)
    t.equal((await accounts.list({ after: '', limit: 100 })).length, 40)
  })
}

t.test('a user of another system is imported with all known members', async (t) => {
  const user = {
    email: ' Ada@Example.com',
    passwordHash: bcrypt,
    id: id(7).toUpperCase(),
    roles: ['admin', 'admin'],
    scope: [],
    disabled: true,
    createdAt: '2020-02-29T10:00:00Z'
  }
  t.match(importedAccount(user, policy()), {
    email: 'ada@example.com',
    passwordHash: bcrypt,
    id: id(7),
    roles: ['admin'],
    scope: [],
    disabled: true,
    createdAt: Date.parse('2020-02-29T10:00:00Z') / 1000
  })
  const plain = importedAccount({ email: 'ada@example.com', passwordHash: bcrypt }, policy())
  t.match(plain, { roles: ['user'], scope: ['orders:read'], disabled: false })
  t.equal(plain.createdAt, Math.floor(clock() / 1000))
  const other = importedAccount({ email: 'a@b.example', passwordHash: bcrypt, id: '17' }, policy())
  t.match(other.id, /^[0-9a-f]{8}-/, 'an id that is no UUID is not kept')
  const none = importedAccount({ email: 'a@b.example' }, { ...policy(), allowNoPassword: true })
  t.equal(none.passwordHash, '')
})

t.test('a user who cannot be imported is refused with the reason', async (t) => {
  const ada = { email: 'ada@example.com', passwordHash: bcrypt }
  const refused: Record<string, readonly [ForeignUser, RegExp]> = {
    'no address': [{ ...ada, email: 'ada' }, /address is not valid/],
    'no hash': [{ email: ada.email }, /no password hash/],
    'an empty hash': [{ ...ada, passwordHash: '' }, /hash is of an unknown kind/],
    'a hash that costs too much': [
      { ...ada, passwordHash: bcrypt.replace('10', '31') },
      /hash has a cost that is too high/
    ],
    'a role with a comma': [{ ...ada, roles: ['a,b'] }, /roles has a word/],
    'a scope with a line break': [{ ...ada, scope: ['a\n'] }, /scope has a word/],
    'many roles': [{ ...ada, roles: Array.from({ length: 65 }, (_, n) => `r${n}`) }, /65|64/],
    'a time to come': [{ ...ada, createdAt: '2999-01-01T00:00:00Z' }, /is not in the past/],
    'a time that is none': [{ ...ada, createdAt: 'yesterday' }, /is not in the past/],
    'rights that no gateway would forward': [
      { ...ada, roles: Array.from({ length: 64 }, (_, n) => `${n}`.padStart(64, 'r')) },
      /roles, scope and claims would not fit: .*4096 allowed/
    ]
  }
  for (const [title, [user, words]] of Object.entries(refused)) {
    const fault: unknown = t.throws(() => importedAccount(user, policy()), ImportFault, title)
    t.match(String(fault), words, title)
  }
})

t.test('an import is limited to eight costs', async (t) => {
  const one = policy()
  const of = (cost: number) => ({
    email: 'ada@example.com',
    passwordHash: bcrypt.replace('$10$', `$${String(cost).padStart(2, '0')}$`)
  })
  for (let cost = 4; cost < 12; cost += 1) importedAccount(of(cost), one)
  t.throws(() => importedAccount(of(12), one), /more than 8 different hash costs/)
  t.ok(importedAccount(of(11), one), 'another account of a cost that there is')
})
