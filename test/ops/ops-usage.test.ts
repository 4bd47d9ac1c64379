import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { client } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { operator, operatorProcess } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { commands } from '@gatehouse/ops/testing/commands'
import { shellWord, shown } from '@gatehouse/ops/testing/terminal-text'
import t from 'tap'
import { read } from '../rules/fixtures/source-files.ts'

const password = 'correct horse battery'
const folder = dataFolder(t)
const { url } = await wholeSystem(t, { GATEHOUSE_DATA_DIR: folder })
const ops = operator(folder)

t.test(
  'the process of a command takes input and ends with the exit code of the command',
  async (t) => {
    const command = operatorProcess(folder)
    const create = ['users', 'create', 'alan@example.com', '--password-stdin', '--json']
    const made = await command(create, `${password}\n`)
    t.match(made, { code: 0, stderr: '', json: { user: { email: 'alan@example.com' } } })
    t.equal((await client(url).login('alan@example.com', password)).status, 200)
    const refused = await command(['users', 'disable', 'alan@example.com'])
    t.match(refused, { code: 1, stdout: '', stderr: /--yes/ }, 'no terminal, so no question')
    t.match(await command(['users', 'drop']), { code: 2, stdout: '', stderr: /npm run -s ops -- / })
  }
)

t.test('a refusal is exit code 1 with its reason, bad usage 2 with the usage', async (t) => {
  for (const [words, code] of [
    [['users', 'enable', 'nobody'], 'NOT_FOUND'],
    [['users', 'create', 'not-an-address'], 'INVALID_REQUEST'],
    [['users', 'create', 'a\u202e@b.example'], 'INVALID_REQUEST'],
    [['users', 'create', 'a@b.example', '--role', 'é'], 'INVALID_REQUEST'],
    [['users', 'list', '--limit', '0'], 'INVALID_REQUEST'],
    [['sessions', 'end', 'none', '--yes'], 'NOT_FOUND'],
    // An id that begins with a hyphen is not taken for an option.
    [['sessions', 'end', '-6_9fX0bTz1vJ3k5m7Q9aw', '--yes'], 'NOT_FOUND'],
    [['sessions', 'end', '--yes', '--9fX0bTz1vJ3k5m7Q9aw_'], 'NOT_FOUND']
  ] as const) {
    const ran = await ops([...words, '--json'])
    t.match(ran, { code: 1, json: { error: { code, detail: /./ } } }, words.join(' '))
    t.match(await ops([...words]), { code: 1, stdout: '', stderr: /./ })
  }
  for (const words of [
    ['nix'],
    ['users'],
    ['users', 'create'],
    ['users', 'create', 'a@b.example', 'more'],
    ['users', 'list', '--colour'],
    ['sessions', 'list'],
    ['sessions', 'end'],
    ['sessions', 'end', 'x', '--user', 'y'],
    ['audit', '--since', 'yesterday'],
    ['audit', '--since', '999999999d']
  ]) {
    t.match(
      await ops(words),
      { code: 2, stdout: '', stderr: /npm run -s ops -- / },
      words.join(' ')
    )
    t.match(await ops([...words, '--json']), { code: 2, json: { error: { code: 'BAD_USAGE' } } })
  }
  for (const [line, fault] of [
    ['user list', 'There is no command "user list" (nearest: users list).'],
    ['keys rotat', 'There is no command "keys rotat" (nearest: keys rotate).'],
    ['users', 'There is no command "users".'],
    ['--versoin', 'A command is missing.'],
    [
      'users create a@b.example --rol admin',
      '--rol is not an option of users create (nearest: --role).'
    ],
    ['users create a@b.example --role', '--role has no value, or a value that it does not take.'],
    ['users create', 'EMAIL is missing.'],
    ['users email a@b.example', 'EMAIL is missing.'],
    ['audit all', '"all" is one argument too many.'],
    [
      'audit --since 7',
      '--since: 7 is neither a date (2026-11-23, 2026-11-23T10:00Z) nor a duration (30m, 12h, 7d).'
    ],
    ['clients secret nope', 'there is no such client'],
    ['sessions end nope --yes', 'there is no such session'],
    ['keys create --algorithm HS256', 'algorithm must be one of: ES256, EdDSA, RS256']
  ] as const) {
    const { stderr } = await ops(line.split(' '))
    t.equal(stderr.split('\n')[0], fault, line)
  }
  t.match(await ops(['help']), { code: 0, stdout: /users create/ })
  t.match(await ops([]), { code: 0, stdout: /users create/ })
  t.match(await ops(['sessions', 'end', '--help']), { code: 0, stdout: /SID \| --user ID/ })
})

t.test('text of users cannot control the terminal, and stays the same value in JSON', async (t) => {
  const tenant = '\u009b31mred\u009d0;title\u0007\u202eevil\u2066\u{e0001}'
  await ops(['users', 'create', 'claimed@example.com', '--password-stdin'], `${password}\n`)
  const controls = /(?!\n)[\p{Cc}\p{Cf}]/u
  for (const words of [
    ['claims', 'claimed@example.com', `tenant=${tenant}`],
    ['show', 'claimed@example.com']
  ]) {
    t.notMatch((await ops(['users', ...words])).stdout, controls, words.join(' '))
    const asJson = await ops(['users', ...words, '--json'])
    t.notMatch(asJson.stdout, controls, `${words[0]} --json`)
    t.match(asJson.json, { user: { claims: { tenant } } })
  }
  const refused = await ops(['users', 'show', tenant])
  t.not(refused.code, 0)
  t.notMatch(refused.stderr, controls)
})

t.test(
  'the option for the next page is quoted so that a shell passes it on unchanged',
  async (t) => {
    const email = "0;{touch,/tmp/gatehouse-x};$(id)'@example.com"
    await ops(['users', 'create', email, '--password-stdin'], `${password}\n`)
    const { stdout } = await ops(['users', 'list', '--limit', '1'])
    const [, word = ''] = /More: --after=(.*)\n/.exec(stdout) ?? []
    t.equal(execFileSync('/bin/sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' }), email)
    for (const text of ["it's", '$HOME `id` "x" \\', 'a b', '-n', 'plain@example.com']) {
      const read = execFileSync('/bin/sh', ['-c', `printf '%s' ${shellWord(text)}`], {
        encoding: 'utf8'
      })
      t.equal(read, text)
    }
  }
)

t.test('a command that cannot call the ops listener says where it looked', async (t) => {
  const empty = dataFolder(t)
  const list = (at: string, settings: Record<string, string> = {}) =>
    operator(at, settings)(['users', 'list'])
  t.match(await list(empty), { code: 1, stderr: /no ops token in .*ops-token/ })
  const unusable = dataFolder(t)
  mkdirSync(join(unusable, 'ops-token'))
  t.match(await list(unusable), { code: 1, stderr: /^cannot read .*ops-token: it is a folder/ })
  t.match(await list(empty, { AUTH_OPS_TOKEN_FILE: '/nowhere' }), {
    code: 1,
    stderr: /^AUTH_OPS_TOKEN_FILE: cannot read \/nowhere: no such file/
  })
  const noListener = { AUTH_OPS_TOKEN: 'x', AUTH_OPS_URL: 'http://127.0.0.1:1' }
  t.match(await list(empty, noListener), { code: 1, stderr: /No response from .*AUTH_OPS_URL/ })
  t.match(await list(folder, { AUTH_OPS_TOKEN: 'x' }), { code: 1, stderr: /token/ })
  t.match(await list(folder), { code: 0 }, 'the folder has the address and the token')
  t.match(await list(folder, { AUTH_OPS_URL: url }), {
    code: 1,
    stderr: /\(AUTH_OPS_URL\) is not the ops listener of an auth service/
  })
  t.match(await list(folder, { AUTH_OPS_URL: 'localhost:3901' }), {
    code: 1,
    stderr: /^AUTH_OPS_URL must be an http/
  })
})

t.test('the gateway serves no path of an ops listener', async (t) => {
  for (const path of ['/ops/users', '/auth/ops/users', '/healthz', '/metrics']) {
    const { status } = await client(url).call(path)
    t.ok(status === 404 || status === 401, `${path}: ${status}`)
  }
})

t.test('docs/ops.md lists every command with its usage', async (t) => {
  const documented = [...read('docs/ops.md').matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)]
  t.strictSame(
    documented.map(([, call, summary]) => `${call}: ${summary}`),
    commands.map(
      ({ name, usage, summary }) =>
        `${`${name} ${usage}`.trim().replaceAll('|', '\\|')}: ${summary}`
    )
  )
})

t.test('docs/ops.md lists every command that asks for confirmation', async (t) => {
  const [, list = ''] =
    /^These commands ask for confirmation: ([^.]+)\./m.exec(read('docs/ops.md')) ?? []
  const asking = commands.filter(({ confirm }) => confirm !== undefined).map(({ name }) => name)
  t.strictSame([...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name).sort(), asking.sort())
})

t.test('output cannot control the terminal', async (t) => {
  t.equal(shown('a\u001b[2J\r\n\u202eb'), 'a\\u{1b}[2J\\u{d}\\u{a}\\u{202e}b')
})
