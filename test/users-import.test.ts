import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { client } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { operator } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { csvEntries } from '@gatehouse/ops/testing/import/csv'
import { foreignUser } from '@gatehouse/ops/testing/import/foreign-user'
import { EntryFault } from '@gatehouse/ops/testing/import/line'
import { ndjsonEntries } from '@gatehouse/ops/testing/import/ndjson'
import t from 'tap'

const password = 'correct horse battery'
const bcrypt = '$2y$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.'
const pbkdf2 = {
  value: 'OZisqJloVWQ/xF8cg5vJoGqp86fPH5Ob3F8cZLPh8Zv3usmEpbHwGI8uqptISvjwQJ93TG9E4MiFHWbVAaSlsQ==',
  salt: 'AQIDBAUGBwgJCgsMDQ4PEA=='
}

/** As other systems export their users. */
const exported = {
  ours: { email: 'ours@example.com', passwordHash: bcrypt, roles: ['admin'], scope: 'a b' },
  keycloak: {
    id: '3d1f9a52-7c1e-4f5e-8a77-0d2d1c6a9f10',
    createdTimestamp: 1_600_000_000_000,
    username: 'keycloak',
    enabled: true,
    email: 'Keycloak@Example.com',
    credentials: [
      {
        type: 'password',
        secretData: JSON.stringify({ ...pbkdf2, additionalParameters: {} }),
        credentialData: JSON.stringify({ hashIterations: 1000, algorithm: 'pbkdf2-sha256' })
      }
    ],
    realmRoles: ['offline_access']
  },
  auth0: {
    _id: { $oid: '60425da9519d90d09e2a6d8c' },
    email_verified: false,
    email: 'auth0@example.com',
    passwordHash: bcrypt,
    tenant: 'example'
  },
  supabase: {
    id: '5b0b4a46-2e8c-4b5c-9c3b-54e5e7a0f0d1',
    email: 'supabase@example.com',
    encrypted_password: bcrypt.replace('2y', '2a'),
    created_at: '2021-05-04 10:11:12.123+00'
  },
  firebase: {
    localId: 'UVBMgkQUVDQ3eJGdQyrnDjTXzqC2',
    email: 'firebase@example.com',
    passwordHash:
      'lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ==',
    salt: '42xEC-ixf3L2lw==',
    createdAt: '1486324122000'
  },
  blocked: { email: 'blocked@example.com', passwordHash: bcrypt, blocked: true }
}
const firebaseConfig = `hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}
`
const lines = (...entries: readonly unknown[]) =>
  entries.map((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry))).join('\n')

t.test('imported users of other systems sign in with their passwords', async (t) => {
  const folder = dataFolder(t)
  const { url } = await wholeSystem(t, { GATEHOUSE_DATA_DIR: folder })
  const [ops, api] = [operator(folder), client(url)]
  const at = (name: string) => join(folder, name)
  const file = (name: string, text: string) => {
    writeFileSync(at(name), text)
    return at(name)
  }

  t.test('a dry run imports no user', async (t) => {
    const users = file('users.ndjson', lines(...Object.values(exported)))
    const ran = await ops(['users', 'import', users, '--dry-run', '--json'])
    t.match(ran, { code: 1, json: { dryRun: true, imported: 5, existing: 0, refused: 1 } })
    const [refused] = ran.json.notImported as Record<string, unknown>[]
    t.match(refused, { line: 5, reason: /--firebase-hash-config/ })
    t.strictSame((await ops(['users', 'list', '--json'])).json.users, [])
  })

  t.test('valid entries are imported, and the rest is reported', async (t) => {
    const config = file('firebase.txt', firebaseConfig)
    const long = `{"email": "${'a'.repeat(70_000)}@example.com"}`
    const bad = [
      '{"email": "cut off',
      '[]',
      '',
      long,
      { email: 'no-hash@example.com' },
      { email: 'dear@example.com', passwordHash: bcrypt.replace('$05$', '$31$') },
      { email: 'latin@example.com', passwordHash: '\ufffd' },
      { email: 'odd@example.com', passwordHash: bcrypt, enabled: 'perhaps' },
      { email: 'ours@example.com', passwordHash: bcrypt }
    ]
    const users = file('users.jsonl', lines(...Object.values(exported), ...bad))
    const words = ['users', 'import', users, '--firebase-hash-config', config]
    const ran = await ops([...words, '--report', at('report'), '--json'])
    t.match(ran, { code: 1, json: { dryRun: false, imported: 6, existing: 1, refused: 7 } })
    t.notMatch(ran.stdout, /\$2y|cut off/, 'no part of an entry but its address')
    const report = readFileSync(at('report'), 'utf8').trim().split('\n')
    t.equal(report.length, 8)
    t.equal(statSync(at('report')).mode & 0o777, 0o600)
    const reasons = report.map((line) => JSON.parse(line))
    t.match(
      reasons.sort((one, other) => one.line - other.line),
      [
        { line: 7, email: null, reason: /not a JSON object/ },
        { line: 8, email: null, reason: /not a JSON object/ },
        { line: 10, email: null, reason: /longer than/ },
        { line: 11, email: 'no-hash@example.com', reason: /no password hash/ },
        { line: 12, email: 'dear@example.com', reason: /cost/ },
        { line: 13, email: null, reason: /UTF-8/ },
        { line: 14, email: null, reason: /enabled .* true nor false/ },
        { line: 15, email: 'ours@example.com', outcome: 'existing' }
      ]
    )
    t.match(await ops([...words, '--report', at('report')]), { code: 2, stderr: /EEXIST/ })
  })

  t.test('the first login replaces the old hash by one of ours', async (t) => {
    const before = await ops(['users', 'show', 'ours@example.com', '--json'])
    t.match(before.json, { user: { roles: ['admin'], scope: ['a', 'b'] }, passwordHash: 'bcrypt' })
    for (const [name, { email }] of Object.entries(exported)) {
      const secret = name === 'firebase' ? 'user1password' : password
      t.equal((await api.login(email, `${secret}!`)).status, 401, `${name}: another password`)
      const { status } = await api.login(email, secret)
      t.equal(status, name === 'blocked' ? 401 : 200, `${name}: the password`)
      if (name === 'blocked') continue
      const after = await ops(['users', 'show', email, '--json'])
      t.match(after.json, { passwordHash: 'argon2id' }, name)
      t.equal((await api.login(email, secret)).status, 200, `${name}: and again`)
    }
    const { json } = await ops(['users', 'show', 'keycloak@example.com', '--json'])
    const { id } = exported.keycloak
    t.match(json, { user: { id, createdAt: '2020-09-13T12:26:40.000Z', roles: ['user'] } })
  })

  t.test('CSV with the names of another system and without passwords is imported', async (t) => {
    const csv = [
      'Email,"Password Hash",Roles,note',
      `csv@example.com,${bcrypt},"user auditor","a ""quoted"", longer`,
      'note"',
      `other@example.com,,user,`,
      'few@example.com'
    ].join('\r\n')
    const users = file('users.csv', `\ufeff${csv}\r\n`)
    const ran = await ops(['users', 'import', users, '--json'])
    t.match(ran, { code: 1, json: { imported: 1, refused: 2 } })
    const again = await ops(['users', 'import', users, '--allow-no-password'])
    t.match(again, { code: 1, stdout: /line 5: .*1 fields.*\n1 user imported, 1 already there/ })
    t.equal((await api.login('csv@example.com', password)).status, 200)
    t.equal((await api.login('other@example.com', '')).status, 400)
    t.equal((await api.login('other@example.com', password)).status, 401)
    const shown = await ops(['users', 'show', 'other@example.com', '--json'])
    t.match(shown.json, { passwordHash: 'none' })
    const set = await ops(['users', 'password', 'other@example.com', '--password-stdin'], password)
    t.equal(set.code, 0, 'an operator sets one')
    t.equal((await api.login('other@example.com', password)).status, 200)
  })

  t.test('bad usage says what is missing', async (t) => {
    for (const [words, fault] of [
      [['users', 'import'], /argument is missing/],
      [['users', 'import', 'users.txt'], /--format/],
      [['users', 'import', 'x.csv', '--firebase-hash-config', at('nowhere')], /ENOENT/],
      [['users', 'import', 'x.csv', '--firebase-hash-config', at('users.csv')], /SCRYPT/]
    ] as const) {
      t.match(await ops([...words]), { code: 2, stdout: '', stderr: fault }, words.join(' '))
    }
    const gone = await ops(['users', 'import', at('nowhere.csv')])
    t.match(gone, { code: 1, stderr: /Cannot read .*nowhere\.csv \(ENOENT\)/ })
    t.notOk(existsSync('report'))
  })
})

async function all<Value>(entries: AsyncIterable<Value>): Promise<Value[]> {
  const found: Value[] = []
  for await (const entry of entries) found.push(entry)
  return found
}

/** The text in pieces of each size: where a piece ends makes no difference. */
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
