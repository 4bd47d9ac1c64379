import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { client, eventually, type TokenAnswer } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { operator, operatorProcess } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { commands } from '@gatehouse/ops/testing/commands'
import { shellWord, shown } from '@gatehouse/ops/testing/terminal-text'
import t from 'tap'
import { read } from './source-files.ts'

const password = 'correct horse battery'

t.test('on one installation', async (t) => {
  const folder = dataFolder(t)
  const settings = {
    GATEHOUSE_DATA_DIR: folder,
    GATEWAY_TRUSTED_PROXIES: '127.0.0.1',
    AUTH_WEBHOOK_PRIVATE_HOSTS: '127.0.0.1'
  }
  const { url } = await wholeSystem(t, settings)
  const [ops, api] = [operator(folder), client(url)]

  t.test('the process takes input, answers, and ends with the code of the command', async (t) => {
    const ops = operatorProcess(folder)
    const create = ['users', 'create', 'alan@example.com', '--password-stdin', '--json']
    const made = await ops(create, `${password}\n`)
    t.match(made, { code: 0, stderr: '', json: { user: { email: 'alan@example.com' } } })
    t.equal((await api.login('alan@example.com', password)).status, 200)
    const refused = await ops(['users', 'disable', 'alan@example.com'])
    t.match(refused, { code: 1, stdout: '', stderr: /--yes/ }, 'no terminal, so no question')
    t.match(await ops(['users', 'drop']), { code: 2, stdout: '', stderr: /npm run ops -- / })
  })

  t.test('an operator creates an admin, changes their roles, and disables them', async (t) => {
    const made = await ops(
      ['users', 'create', 'root@example.com', '--role', 'admin', '--password-stdin', '--json'],
      `${password}\n`
    )
    t.equal(made.code, 0, made.stderr)
    t.equal(made.stdout.trim().split('\n').length, 1, 'one document')
    const { id } = made.json.user as { id: string }
    const tokens = (await api.login('root@example.com', password)).body
    t.match(await api.call('/auth/me', { token: tokens.accessToken }), {
      body: { user: { roles: ['admin'] } }
    })

    t.match(await ops(['users', 'list']), { code: 0, stdout: /root@example\.com {2}admin/ })
    t.match(await ops(['users', 'roles', 'root@example.com', 'user', 'auditor', '--json']), {
      code: 0,
      json: { user: { id, roles: ['user', 'auditor'] } }
    })
    const refreshed = (await api.refresh(tokens.refreshToken)).body
    t.match(await api.call('/echo/x', { token: refreshed.accessToken }), {
      body: { headers: { 'x-auth-roles': 'user,auditor' } }
    })

    t.match(await ops(['sessions', 'list', '--user', id]), { code: 0, stdout: /1 session\n/ })
    t.match(await ops(['users', 'disable', id, '--yes', '--json']), { code: 0, json: { ended: 1 } })
    const refused = await eventually(
      () => api.call('/echo/x', { token: refreshed.accessToken }),
      ({ status }) => status === 401
    )
    t.match(refused, { status: 401, body: { code: 'SESSION_ENDED' } }, 'within a second')
    t.equal((await api.login('root@example.com', password)).status, 401)
    t.equal((await ops(['users', 'enable', id])).code, 0)
    const again = (await api.login('root@example.com', password)).body

    const ended = await ops(['sessions', 'end', again.session.id, '--yes'])
    t.match(ended, { code: 0, stdout: /1 session ended/ })
    t.equal((await api.refresh(again.refreshToken)).status, 401)
    const log = await ops(['audit', '--user', id, '--since', '1h', '--json'])
    const kinds = (log.json.events as { kind: string }[]).map(({ kind }) => kind)
    for (const kind of [
      'user-created',
      'roles-changed',
      'user-disabled',
      'user-enabled',
      'session-ended'
    ]) {
      t.ok(kinds.includes(kind), kind)
    }
    t.notMatch(log.stdout, password)
  })

  t.test('an operator adds an endpoint, which receives the next registration', async (t) => {
    const received: string[] = []
    const endpoint = createServer(async (request, response) => {
      received.push(await text(request))
      response.end()
    }).listen(0, '127.0.0.1')
    await once(endpoint, 'listening')
    t.teardown(() => void endpoint.close())
    const { port } = endpoint.address() as AddressInfo
    const added = await ops(['webhooks', 'add', `http://127.0.0.1:${port}/`, '--json'])
    t.equal(added.code, 0, added.stderr)
    const { user } = (await api.register('hooked@example.com', password)).body
    const isTold = () => received.some((body) => body.includes(user.id))
    t.ok(await eventually(async () => isTold(), Boolean, 5000))
    const { id } = added.json.webhook as { id: string }
    t.equal((await ops(['webhooks', 'remove', id, '--yes'])).code, 0)
  })

  t.test('the audit log has the client address that the gateway reports', async (t) => {
    const { body } = await api.register('edsger@example.com', password)
    const from = (address: string) => ({ 'x-forwarded-for': address })
    const json = { email: 'edsger@example.com', password }
    const login = await api.call<TokenAnswer>('/auth/login', { json, headers: from('192.0.2.1') })
    const token = login.body.accessToken
    await api.call('/auth/logout-all', { method: 'POST', token, headers: from('192.0.2.2') })
    const log = (await ops(['audit', '--user', body.user.id, '--json'])).json
    const events = log.events as Record<string, string>[]
    const addresses = Object.fromEntries(events.map(({ kind, address }) => [kind, address]))
    t.match(addresses, { login: '192.0.2.1', 'logout-all': '192.0.2.2' })
  })

  t.test('text of others cannot control the terminal, and JSON stays the same value', async (t) => {
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

  t.test('the next page is named in words that a shell passes on as they are', async (t) => {
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
  })

  t.test('without a password, one is generated and shown once', async (t) => {
    const made = await ops(['users', 'create', 'ada@example.com', '--json'])
    t.equal(made.code, 0, made.stderr)
    t.equal((await api.login('ada@example.com', String(made.json.password))).status, 200)
    t.notMatch((await ops(['users', 'list', '--json'])).stdout, String(made.json.password))
  })

  t.test('an invited person registers once, with the roles of the invitation', async (t) => {
    const invited = await ops([
      'users',
      'invite',
      'hopper@example.com',
      '--role',
      'editor',
      '--json'
    ])
    t.equal(invited.code, 0, invited.stderr)
    const { secret, invitation } = invited.json as { secret: string; invitation: { id: string } }
    const json = { email: 'hopper@example.com', password, invitation: secret }
    const registered = await api.call('/auth/register', { json })
    t.match(registered, { status: 201, body: { user: { roles: ['editor'] } } })
    t.match(await ops(['invitations', 'list']), { code: 0, stdout: /used/ })
    const late = await ops(['invitations', 'revoke', invitation.id])
    t.match(late, { code: 1, stderr: /no open invitation/ })
    const open = (await ops(['users', 'invite', '--days', '1', '--json'])).json
    const { id } = open.invitation as { id: string }
    t.match(await ops(['invitations', 'revoke', id]), { code: 0, stdout: /revoked/ })
    t.match(await ops(['users', 'invite', '--days', '0']), { code: 2, stderr: /--days must be/ })
  })

  t.test('an operator helps a user who forgot the password, moves, or leaves', async (t) => {
    const { body } = await api.register('emmy@example.com', password)
    const { id } = body.user
    const tokens = (await api.login('emmy@example.com', password)).body
    const scoped = await ops(['users', 'scope', 'emmy@example.com', 'orders:read', '--json'])
    t.match(scoped, { code: 0, json: { user: { id, scope: ['orders:read'] } } })
    const moved = await ops(['users', 'email', 'emmy@example.com', 'emmy@new.example', '--json'])
    t.match(moved, { code: 0, json: { user: { id, email: 'emmy@new.example' } } })
    const refreshed = (await api.refresh(tokens.refreshToken)).body
    t.match(await api.call('/echo/x', { token: refreshed.accessToken }), {
      body: { headers: { 'x-auth-scope': 'orders:read', 'x-auth-email': 'emmy@new.example' } }
    })

    const set = await ops(['users', 'password', id, '--json'])
    t.match(set, { code: 0, json: { user: { id }, ended: 1, password: /^[\w-]{20}$/ } })
    const refused = await eventually(
      () => api.call('/echo/x', { token: refreshed.accessToken }),
      ({ status }) => status === 401
    )
    t.match(refused, { body: { code: 'SESSION_ENDED' } }, 'within a second')
    t.equal((await api.login('emmy@new.example', password)).status, 401)
    t.equal((await api.login('emmy@new.example', String(set.json.password))).status, 200)
    const given = await ops(['users', 'password', id, '--password-stdin'], `${password}\n`)
    t.match(given, { code: 0, stdout: /1 session ended/ })
    t.notMatch(given.stdout, password)
    const again = (await api.login('emmy@new.example', password)).body
    t.match(await ops(['users', 'show', id]), { code: 0, stdout: /emmy@new\.example.*\n\n1 live/ })

    t.match(await ops(['users', 'delete', id]), { code: 1, stdout: '', stderr: /--yes/ })
    const gone = await ops(['users', 'delete', 'emmy@new.example', '--yes', '--json'])
    t.match(gone, { code: 0, json: { id, ended: 1 } })
    const stranger = await eventually(
      () => api.call('/auth/me', { token: again.accessToken }),
      ({ status }) => status === 401
    )
    t.match(stranger, { body: { code: 'SESSION_ENDED' } }, 'within a second')
    t.equal((await api.login('emmy@new.example', password)).status, 401)
    const log = await ops(['audit', '--user', id, '--json'])
    t.notMatch(log.stdout, /emmy|127\.0\.0\.1/, 'the log names nobody')
    const kinds = (log.json.events as { kind: string }[]).map(({ kind }) => kind)
    for (const kind of ['scope-changed', 'email-changed', 'password-set', 'user-deleted']) {
      t.ok(kinds.includes(kind), kind)
    }
  })

  t.test('a command that ends sessions asks for confirmation', async (t) => {
    const { body } = await api.register('grace@example.com', password)
    const tokens = (await api.login('grace@example.com', password)).body
    for (const words of [
      ['users', 'disable', body.user.id],
      ['sessions', 'end', tokens.session.id],
      ['sessions', 'end', '--user', body.user.id]
    ]) {
      const ran = await ops(words)
      t.match(ran, { code: 1, stdout: '', stderr: /--yes/ }, words.join(' '))
      const json = await ops([...words, '--json'])
      t.match(json, { code: 1, json: { error: { code: 'NOT_CONFIRMED' } } })
    }
    t.equal((await api.refresh(tokens.refreshToken)).status, 200)
  })

  t.test('a refusal is exit code 1 with its reason, bad usage 2 with the usage', async (t) => {
    for (const [words, code] of [
      [['users', 'enable', 'nobody'], 'NOT_FOUND'],
      [['users', 'create', 'not-an-address'], 'INVALID_REQUEST'],
      [['users', 'create', 'a\u202e@b.example'], 'INVALID_REQUEST'],
      [['users', 'create', 'a@b.example', '--role', 'é'], 'INVALID_REQUEST'],
      [['users', 'list', '--limit', '0'], 'INVALID_REQUEST'],
      [['sessions', 'end', 'none', '--yes'], 'NOT_FOUND'],
      // An id may begin with a hyphen, and is no option for that.
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
      t.match(await ops(words), { code: 2, stdout: '', stderr: /npm run ops -- / }, words.join(' '))
      t.match(await ops([...words, '--json']), { code: 2, json: { error: { code: 'BAD_USAGE' } } })
    }
    for (const [line, fault] of [
      ['user list', 'There is no command "user list" (nearest: users list).'],
      ['keys rotat', 'There is no command "keys rotat" (nearest: keys rotate).'],
      ['users', 'There is no command "users".'],
      ['--versoin', 'A command is missing.'],
      [
        'users create a@b.example --rol admin',
        '--rol is not an option of users create (nearest: --role)'
      ],
      ['users create a@b.example --role', '--role has no value, or a value that it does not take.'],
      ['users create', 'An argument is missing.'],
      ['audit all', '"all" is one argument too many.']
    ] as const) {
      const { stderr } = await ops(line.split(' '))
      t.equal(stderr.split('\n')[0], fault, line)
    }
    t.match(await ops([]), { code: 0, stdout: /users create/ })
    t.match(await ops(['sessions', 'end', '--help']), { code: 0, stdout: /SID \| --user ID/ })
  })
})

t.test(
  'if the listener does not answer, or refuses the token, the command says where it looked',
  async (t) => {
    const folder = dataFolder(t)
    const settings = { AUTH_OPS_TOKEN: 'x' }
    t.match(await operator(folder)(['users', 'list']), {
      code: 1,
      stderr: /no ops token in .*ops-token/
    })
    t.match(await operator(folder, { AUTH_OPS_TOKEN_FILE: '/nowhere' })(['users', 'list']), {
      code: 1,
      stderr: /^AUTH_OPS_TOKEN_FILE: cannot read \/nowhere: no such file/
    })
    const nobody = operator(folder, { ...settings, AUTH_OPS_URL: 'http://127.0.0.1:1' })
    t.match(await nobody(['users', 'list']), { code: 1, stderr: /No answer from .*AUTH_OPS_URL/ })
    const { url } = await wholeSystem(t, { GATEHOUSE_DATA_DIR: folder })
    t.match(await operator(folder, settings)(['users', 'list']), { code: 1, stderr: /token/ })
    t.match(
      await operator(folder)(['users', 'list']),
      { code: 0 },
      'and it finds both in the folder'
    )
    const elsewhere = operator(folder, { AUTH_OPS_URL: url })
    t.match(await elsewhere(['users', 'list']), {
      code: 1,
      stderr: /\(AUTH_OPS_URL\) is not the ops listener of an auth service/
    })
    const nowhere = operator(folder, { AUTH_OPS_URL: 'localhost:3901' })
    t.match(await nowhere(['users', 'list']), { code: 1, stderr: /^AUTH_OPS_URL must be an http/ })
    for (const path of ['/ops/users', '/auth/ops/users', '/healthz', '/metrics']) {
      const { status } = await client(url).call(path)
      t.ok(
        status === 404 || status === 401,
        `${path} is not to be had through the gateway: ${status}`
      )
    }
  }
)

t.test('routes check and routes explain need no running system', async (t) => {
  const ops = operator(dataFolder(t))
  t.match(await ops(['routes', 'check']), { code: 0, stdout: /auth-login .*public/ })
  t.match(await ops(['routes', 'check', '--json']), { code: 0, json: { routes: Array } })
  const file = join(dataFolder(t), 'routes.yaml')
  writeFileSync(
    file,
    `upstreams: { a: 'http://a' }
routes:
  - { name: all, prefix: /, upstream: a, access: public }
  - { name: one, prefix: /x, upstream: b, scopes: [read] }
  - { name: one, prefix: /x, upstream: a }
`
  )
  const checked = await ops(['routes', 'check', file])
  t.equal(checked.code, 1)
  for (const fault of [
    'would open every path',
    'upstream b is not known; allowed: a',
    'used twice',
    'already a prefix'
  ]) {
    t.match(checked.stderr, fault)
  }
  t.match(await ops(['routes', 'check', 'nowhere.yaml']), { code: 1, stderr: /nowhere\.yaml/ })

  const explained = await ops(['routes', 'explain', 'POST', '/auth/login?x=1', '--json'])
  t.match(explained.json, {
    route: 'auth-login',
    why: /^\/auth\/login is the longest prefix/,
    needs: /public/,
    goes: ['POST http://127.0.0.1:3001/login?x=1']
  })
  const moved = operator(dataFolder(t), { AUTH_PORT: '4001', ORDERS_URL: 'http://orders' })
  t.match((await moved(['routes', 'explain', 'POST', '/auth/login', '--json'])).json, {
    goes: ['POST http://127.0.0.1:4001/login']
  })
  t.match((await moved(['routes', 'explain', 'GET', '/orders', '--json'])).json, {
    goes: ['GET http://orders/orders']
  })
  t.match(await ops(['routes', 'explain', 'GET', '/orders/7']), {
    code: 0,
    stdout: /an access token/
  })
  writeFileSync(
    file,
    `upstreams: { a: 'http://a' }
routes: [{ name: one, prefix: /x, upstream: a, methods: { GET: {} }, tokenClaims: { tenant: [org, 'tenant.id'] } }]
`
  )
  const claims = operator(dataFolder(t), { GATEWAY_ROUTES: file })
  t.match(await claims(['routes', 'explain', 'GET', '/x']), {
    stdout:
      /x-auth-assertion is for the audience one\n.*x-auth-claim-tenant, the claim org ▸ tenant\.id of the token/
  })
  const wordsFile = join(dataFolder(t), 'words.yaml')
  writeFileSync(
    wordsFile,
    `upstreams: { a: 'http://a:1/base' }
routes:
  - name: words
    prefix: /w
    upstream: a
    stripPrefix: /w
    access: public
    credentials: [authorization]
    methods: { GET: {}, MOVE: { access: signed-in }, POST: { access: optional } }
    encodedSlashes: pass
    bodyOnGet: true
    answerHeaderBytes: 100000
`
  )
  const words = operator(dataFolder(t), { GATEWAY_ROUTES: wordsFile })
  const explainedBy = async (method: string) =>
    (await words(['routes', 'explain', method, '/w/a%2Fb', '--json'])).json
  t.match(await explainedBy('GET'), {
    needs: 'nothing: the route is public',
    goes: ['GET http://a:1/base/a%2Fb'],
    headers: /also Authorization.*x-forwarded-prefix: \/w$/,
    answer: ['headers of at most 100000 bytes', /below \/w$/],
    limits: ['a body of 1048576 bytes', '%2F in the path passes']
  })
  t.notMatch(await explainedBy('GET'), { headers: /x-auth-gateway/ })
  t.match(await explainedBy('POST'), { needs: 'nothing, or a valid access token' })
  t.match(String((await explainedBy('POST')).headers), /x-auth-subject.* if one is signed in/)
  t.match(await explainedBy('MOVE'), { needs: 'an access token' })
  t.match(String((await explainedBy('MOVE')).headers), /Destination/)
  t.notMatch(String((await explainedBy('MOVE')).headers), /also Authorization/)
  t.match(await explainedBy('MOVE'), {
    verified: [
      /^200 with x-auth-subject, .*x-auth-assertion, authorization, cookie/,
      'and with an empty x-auth-gateway',
      /size of the body is not checked/
    ]
  })
  t.match(await explainedBy('GET'), {
    verified: ['200 with authorization, cookie, x-request-id, traceparent', /empty x-auth-subject/]
  })
  t.match(await words(['routes', 'check']), {
    stdout:
      /nothing: the route is public; GET: nothing more; MOVE: an access token; POST: nothing, or a/
  })
  t.match(await words(['routes', 'explain', 'GET', '/w/100%25']), { code: 1, stderr: /400/ })
  const issuers = join(dataFolder(t), 'issuers.yaml')
  const entry = "issuer: 'https://sso.example/realms/a', audience: api"
  writeFileSync(issuers, `issuers: [{ name: sso, type: keycloak, ${entry} }]`)
  t.match(await ops(['issuers', 'check', issuers]), {
    code: 0,
    stdout: /sso .*realms\/a .*api .*by discovery .*realm_access ▸ roles/
  })
  writeFileSync(issuers, `issuers: [{ name: sso, type: keycloack, ${entry} }]`)
  t.match(await ops(['issuers', 'check', issuers]), {
    code: 1,
    stderr: /issuer sso: type must be one of keycloak, auth0.* \(nearest: keycloak\)/
  })
  t.match(await ops(['issuers', 'check']), { code: 2, stderr: /GATEWAY_ISSUERS_FILE/ })
  t.match(await ops(['routes', 'explain', 'GET', '/ordersX']), { code: 1, stderr: /404/ })
  t.match(await ops(['routes', 'explain', 'GET', '/orders/../x']), { code: 1, stderr: /400/ })
  t.match(await ops(['routes', 'explain', 'GET', '/echo/public%20x']), {
    code: 1,
    stderr: /400: .* could be read as the path of another route/
  })
  t.match(await claims(['routes', 'explain', 'POST', '/x']), {
    code: 1,
    stderr: /405: .* accepts GET/
  })
  t.match(await ops(['routes', 'explain', 'get', '/orders']), { code: 2, stderr: /GET/ })
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
