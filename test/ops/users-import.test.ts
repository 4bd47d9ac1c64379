import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { client } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { operator } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import t from 'tap'
import { bcrypt, exported, firebaseConfig } from './fixtures/exported-users.ts'

const password = 'correct horse battery'

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
    t.match(await ops([...words, '--report', at('report')]), {
      code: 2,
      stderr: /a file with this name exists/
    })
  })

  t.test('the first login replaces the imported hash with an argon2id hash', async (t) => {
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
      [['users', 'import'], /FILE is missing/],
      [['users', 'import', 'users.txt'], /--format/],
      [['users', 'import', 'x.csv', '--firebase-hash-config', at('nowhere')], /no such file/],
      [['users', 'import', 'x.csv', '--firebase-hash-config', at('users.csv')], /SCRYPT/]
    ] as const) {
      t.match(await ops([...words]), { code: 2, stdout: '', stderr: fault }, words.join(' '))
    }
    const gone = await ops(['users', 'import', at('nowhere.csv')])
    t.match(gone, { code: 1, stderr: /cannot read .*nowhere\.csv: no such file/ })
    t.notOk(existsSync('report'))
  })
})
