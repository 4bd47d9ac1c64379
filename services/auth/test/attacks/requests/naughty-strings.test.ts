import t from 'tap'
import { authService, email, OPS_TOKEN, password } from '../../fixtures/auth-service.ts'
import { databaseKinds } from '../../fixtures/database/databases.ts'

/** Strings that have broken the forms of other products. */
const naughty: Record<string, string> = {
  NUL: 'a\0b',
  'NUL alone': '\0\0\0\0\0\0\0\0',
  'a lone high surrogate': 'abcdefgh\ud800',
  'a lone low surrogate': '\udfffabcdefgh',
  'surrogates in the wrong order': 'abcdef\udc00\ud800',
  'a mebibyte': 'x'.repeat(1024 * 1024),
  'right to left': '\u202eabcdefgh\u202c',
  'marks that have no width': 'abc\u200b\u200d\ufeffdefgh',
  SQL: "'; drop table accounts; --",
  'SQL with a pattern': "%' or 'a' like '%",
  CRLF: 'abcdefgh\r\nset-cookie: a=b',
  controls: '\x01\x02\x1b[2J\x7f\x85abc',
  emoji: '👩‍👩‍👧‍👦👩‍👩‍👧‍👦',
  'a flood of combining marks': `a${'\u0301'.repeat(200)}`,
  'what folds to more': 'ﷺ'.repeat(8),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is typed so
  'a template': '${7*7}{{7*7}}<%= 7*7 %>',
  'a format': '%s%n%d%x%p',
  'a path': '../../../../etc/passwd',
  markup: '<script>alert(1)</script>',
  'a prototype': '__proto__',
  'a number': '1e309',
  'not a character': '\uffff\ufffe\ufdd0abcdef'
}

const EXPECTED = [200, 201, 204, 400, 401, 403, 404, 409, 413, 414, 429]

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: no input causes an internal error, or an unintended change`,
    { skip },
    async (t) => {
      const auth = await authService(t, { database: await (await make(t)).open() })
      const ops = { authorization: `Bearer ${OPS_TOKEN}` }
      await auth.post('/register', { email, password })
      for (const [title, text] of Object.entries(naughty)) {
        const bodies: [path: string, body: object][] = [
          ['/register', { email: text, password }],
          ['/register', { email: `${text}@example.com`, password }],
          ['/register', { email: 'eve@example.com', password: text }],
          ['/login', { email: text, password }],
          ['/login', { email: `${text}@nobody.example`, password }],
          ['/login', { email, password: text }],
          ['/login', { email, password, delivery: text }],
          ['/refresh-token', { refreshToken: text }],
          ['/logout', { refreshToken: text }]
        ]
        for (const [path, body] of bodies) {
          const { statusCode } = await auth.post(path, body)
          t.ok(EXPECTED.includes(statusCode), `${title} at ${path}: ${statusCode}`)
          t.not(path === '/login' && statusCode, 200, `${title}: signs no one in`)
        }
        const inPath = encodeURIComponent(text.toWellFormed().slice(0, 200))
        for (const url of [
          `/ops/users/${inPath}/sessions`,
          ...['user', 'since', 'limit'].map((name) => `/ops/audit?${name}=${inPath}`),
          ...['after', 'limit'].map((name) => `/ops/users?${name}=${inPath}`)
        ]) {
          const { statusCode } = await auth.ops.inject({ url, headers: ops })
          t.ok(EXPECTED.includes(statusCode), `${title} at /ops: ${statusCode}`)
        }
        const client = { name: text, scope: [text] }
        for (const [url, payload] of [
          ['/ops/clients', client],
          [`/ops/clients/${inPath}/disable`, undefined],
          [`/ops/keys/${inPath}/revoke`, undefined],
          ['/ops/users', { email: 'eve@example.com', password, roles: [text] }]
        ] as const) {
          const { statusCode } = await auth.ops.inject({
            method: 'POST',
            url,
            headers: ops,
            ...(payload === undefined ? {} : { payload })
          })
          t.ok(EXPECTED.includes(statusCode), `${title} at ${url.slice(0, 20)}: ${statusCode}`)
        }
        for (const path of ['/oauth/token', '/oauth/revoke', '/oauth/introspect']) {
          const names = ['grant_type', 'client_id', 'client_secret', 'scope', 'token']
          const form = names
            .map((name) => `${name}=${encodeURIComponent(text.toWellFormed())}`)
            .join('&')
          const type = { 'content-type': 'application/x-www-form-urlencoded' }
          const { statusCode } = await auth.post(path, form, type)
          t.ok(EXPECTED.includes(statusCode), `${title} at ${path}: ${statusCode}`)
        }
        const ended = await auth.ops.inject({
          method: 'DELETE',
          url: `/ops/sessions/${inPath}`,
          headers: ops
        })
        t.ok([400, 404, 414].includes(ended.statusCode), `${title} as a session`)
        auth.clock.advance(900_000)
      }
      const accounts = await auth.database.selectFrom('accounts').select('email').execute()
      t.ok(
        accounts.some((account) => account.email === email),
        'existing data is unchanged'
      )
      t.equal((await auth.post('/login', { email, password })).statusCode, 200)
    }
  )

  t.test(`${name}: an address as people read it has one account`, { skip }, async (t) => {
    const auth = await authService(t, { database: await (await make(t)).open() })
    const register = async (who: string) =>
      (await auth.post('/register', { email: who, password })).statusCode
    const twins: Record<string, string[]> = {
      'ada@example.com': [
        'ADA@EXAMPLE.COM',
        'Ada@example.com',
        'ａｄａ@example.com',
        'ada@ｅxample.com'
      ],
      'zoë@example.com': ['zoe\u0308@example.com', 'ZOË@example.com', 'ZOE\u0308@EXAMPLE.com'],
      'σοφός@example.com': ['ΣΟΦΌΣ@example.com', 'σοφόσ@example.com']
    }
    for (const [first, others] of Object.entries(twins)) {
      t.equal(await register(first), 201, first)
      for (const other of others) {
        t.equal(await register(other), 409, other)
        t.equal(
          (await auth.post('/login', { email: other, password })).statusCode,
          200,
          `${other} signs in`
        )
      }
    }
  })

  t.test(
    `${name}: a password is the same however its characters are composed`,
    { skip },
    async (t) => {
      const auth = await authService(t, { database: await (await make(t)).open() })
      await auth.post('/register', { email, password: 'crème brûlée' })
      for (const typed of ['cre\u0300me bru\u0302le\u0301e', 'ｃrème brûlée']) {
        t.equal((await auth.post('/login', { email, password: typed })).statusCode, 200)
      }
      t.equal((await auth.post('/login', { email, password: 'creme brulee' })).statusCode, 401)
    }
  )
}
