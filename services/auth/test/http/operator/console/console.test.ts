import { gzipSync } from 'node:zlib'
import t from 'tap'
import { audited, OPS_TOKEN } from '../../../fixtures/auth-service.ts'
import { operating } from '../../../fixtures/operating.ts'
import { isProblem } from '../../../fixtures/problem.ts'

const HOST = 'localhost:3901'
/** What a browser sends with the requests of the console's own page. */
const ownPage = { host: HOST, 'sec-fetch-site': 'same-origin', origin: `http://${HOST}` }
const notForPages = { code: 'FORBIDDEN', detail: 'the ops API is not for browsers' } as const
const usedLink = {
  code: 'UNAUTHENTICATED',
  detail: 'the link was already used, or has expired'
} as const
const MINUTE_MS = 60_000

/** An auth service, and a browser with the console. */
async function withConsole(t: Parameters<typeof operating>[0]) {
  const { auth, call } = await operating(t)
  const signIn = (payload: object, headers: Record<string, string> = ownPage) =>
    auth.ops.inject({ method: 'POST', url: '/console/session', headers, payload })
  /** The headers of the page that has signed in with a token. */
  const open = async (token: string) => {
    const answer = await signIn({ token })
    if (answer.statusCode !== 200) throw new Error(answer.body)
    const { name = '', value = '' } = answer.cookies[0] ?? {}
    return { ...ownPage, cookie: `${name}=${value}`, 'x-console-proof': answer.json().proof }
  }
  const ada = async (role: string) =>
    (await call('POST', '/ops/operators', { name: 'ada', role })).json().token
  const get = (headers: Record<string, string>, url = '/ops/operators/me') =>
    auth.ops.inject({ url, headers })
  return { auth, call, signIn, open, ada, get }
}

t.test('a link signs an operator in once, with a cookie that no script can read', async (t) => {
  const { auth, call, signIn } = await withConsole(t)
  const made = await call('POST', '/ops/console/links', {})
  const { code, path } = made.json()
  t.equal(path, `/console/#${code}`)
  const opened = await signIn({ code })
  t.match(opened.json(), { name: 'bootstrap', role: 'admin' })
  t.match(opened.cookies, [
    { name: '__Host-console', path: '/', httpOnly: true, secure: true, sameSite: 'Strict' }
  ])
  isProblem(t, await signIn({ code }), usedLink)
  const late = (await call('POST', '/ops/console/links', { expiresInSeconds: 60 })).json().code
  auth.clock.advance(MINUTE_MS)
  isProblem(t, await signIn({ code: late }), usedLink)
  isProblem(t, await signIn({ code: 'x' }), usedLink)
  isProblem(t, await signIn({ token: 'gho_x' }), { code: 'UNAUTHENTICATED' })
  const rows = [
    await auth.database.selectFrom('operator_sessions').selectAll().execute(),
    await auth.database.selectFrom('operator_links').selectAll().execute()
  ]
  for (const secret of [code, late, opened.cookies[0]?.value, opened.json().proof]) {
    t.notMatch(JSON.stringify(rows), secret, 'only digests are stored')
  }
  t.match(await audited(auth), [
    { kind: 'console-link-created', subject: 'bootstrap', operator: 'bootstrap' },
    { kind: 'operator-signed-in', operator: 'bootstrap' },
    { kind: 'console-link-created' }
  ])
})

t.test('a session needs both of its halves, and its own page', async (t) => {
  const { call, open, ada, get, signIn } = await withConsole(t)
  const token = await ada('viewer')
  const page = await open(token)
  t.match((await get(page)).json(), { name: 'ada', role: 'viewer' })
  const { cookie, 'x-console-proof': proof, origin: _origin, ...without } = page
  t.equal((await get({ ...without, cookie, 'x-console-proof': proof })).statusCode, 200)

  const foreign: Record<string, Record<string, string>> = {
    'another site': { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    'another port of the host': { 'sec-fetch-site': 'same-site', origin: 'http://localhost:1' },
    'another origin that claims to be ours': { origin: 'https://evil.example' },
    'a page without an origin': { origin: 'null' },
    'the address bar': { 'sec-fetch-site': 'none' },
    'a name of its own (DNS rebinding)': { host: 'evil.example', origin: 'http://evil.example' }
  }
  for (const [who, headers] of Object.entries(foreign)) {
    isProblem(t, await get({ ...page, ...headers }), notForPages, who)
    isProblem(t, await signIn({ token }, { ...ownPage, ...headers }), notForPages, who)
  }
  isProblem(t, await get({ ...ownPage, cookie }), notForPages, 'the cookie alone')
  isProblem(t, await get({ ...ownPage, 'x-console-proof': proof }), notForPages, 'the proof alone')
  isProblem(t, await get({ ...page, 'x-console-proof': `${proof}x` }), { code: 'UNAUTHENTICATED' })
  const bearer = { authorization: `Bearer ${token}` }
  isProblem(t, await get({ ...ownPage, ...bearer }), notForPages, 'a page with a token')
  isProblem(t, await get({ host: HOST, cookie, 'x-console-proof': proof }), {
    code: 'UNAUTHENTICATED'
  })

  t.match((await call('GET', '/ops/operators/me')).json(), { name: 'bootstrap' })
})

t.test('a link that somebody else opens does not replace the session', async (t) => {
  const { auth, call, open, ada, get, signIn } = await withConsole(t)
  const page = await open(await ada('viewer'))
  const { code } = (await call('POST', '/ops/console/links', {})).json()
  isProblem(t, await signIn({ code }, page), {
    code: 'CONFLICT',
    detail: 'you are signed in as ada: sign out first, and open the link again'
  })
  t.match((await get(page)).json(), { name: 'ada' })
  const out = { method: 'DELETE', url: '/console/session', headers: page } as const
  for (const _ of [1, 2]) t.equal((await auth.ops.inject(out)).statusCode, 204)
  const ends = (await audited(auth)).filter(({ kind }) => kind === 'operator-signed-out')
  t.match(ends, [{ subject: 'ada', operator: 'ada', detail: /"role":"viewer"/ }])
  t.equal(ends.length, 1, 'once')
  t.match((await signIn({ code }, page)).json(), { name: 'bootstrap' }, 'it was not used')
})

t.test(
  'an operator token has at most 20 console sessions and 20 sign-in links, the newest',
  async (t) => {
    const { auth, call, signIn, open, ada, get } = await withConsole(t)
    const other = await open(await ada('viewer'))
    const link = async (): Promise<string> =>
      (await call('POST', '/ops/console/links', {})).json().code
    const first = { page: await open(OPS_TOKEN), code: await link() }
    auth.clock.advance(1000)
    const second = { page: await open(OPS_TOKEN), code: await link() }
    auth.clock.advance(1000)
    for (let number = 3; number <= 21; number += 1) {
      await open(OPS_TOKEN)
      await link()
    }
    isProblem(t, await get(first.page), { code: 'UNAUTHENTICATED' })
    isProblem(t, await signIn({ code: first.code }), usedLink)
    t.equal((await get(second.page)).statusCode, 200)
    t.equal((await get(other)).statusCode, 200, 'sessions of other operators are not affected')
    t.equal((await signIn({ code: second.code })).statusCode, 200)
  }
)

t.test('a session has the role of its operator, and cannot make a link', async (t) => {
  const { auth, call, open, ada } = await withConsole(t)
  const page = await open(await ada('viewer'))
  const post = (url: string) => auth.ops.inject({ method: 'POST', url, headers: page, payload: {} })
  isProblem(t, await post('/ops/keys/rotate'), {
    code: 'FORBIDDEN',
    detail: 'this request needs the role operator, and ada has the role viewer'
  })
  isProblem(t, await post('/ops/console/links'), {
    code: 'FORBIDDEN',
    detail: 'a link needs the token of the operator, not a session of the console'
  })
  t.equal((await call('GET', '/ops/keys')).json().keys.length, 1)
})

t.test('a session ends when it is idle, after twelve hours, and with the token', async (t) => {
  const { auth, call, open, ada, get } = await withConsole(t)
  const token = await ada('operator')
  const ended = async (page: Record<string, string>, how: string) =>
    isProblem(t, await get(page), { code: 'UNAUTHENTICATED' }, how)
  const idle = await open(token)
  auth.clock.advance(29 * MINUTE_MS)
  t.equal((await get(idle)).statusCode, 200)
  auth.clock.advance(29 * MINUTE_MS)
  t.equal((await get(idle)).statusCode, 200, 'a question of its operator counts as use')
  for (const url of ['/ops/gateways', '/ops/events', '/ops/keys']) {
    auth.clock.advance(9 * MINUTE_MS)
    t.equal((await get(idle, url)).statusCode, 200, url)
  }
  auth.clock.advance(3 * MINUTE_MS)
  await ended(idle, 'after half an hour in which only the page has asked')

  const changing = await open(token)
  const create = { method: 'POST', url: '/ops/keys', headers: changing, payload: {} } as const
  for (const _ of [1, 2]) {
    auth.clock.advance(29 * MINUTE_MS)
    t.equal((await auth.ops.inject(create)).statusCode, 201, 'a change counts as use')
  }

  const long = await open(token)
  for (let used = 0; used < 35; used += 1) {
    auth.clock.advance(20 * MINUTE_MS)
    t.equal((await get(long)).statusCode, 200)
  }
  auth.clock.advance(20 * MINUTE_MS)
  await ended(long, 'after twelve hours')

  const left = await open(token)
  const signOut = { method: 'DELETE', url: '/console/session', headers: left } as const
  const answer = await auth.ops.inject(signOut)
  t.match(answer.cookies, [{ name: '__Host-console', value: '', expires: new Date(0) }])
  await ended(left, 'after signing out')

  const revoked = await open(token)
  await call('DELETE', '/ops/operators/ada')
  await ended(revoked, 'with its token')
  await ada('operator')
  await ended(revoked, 'whatever token its operator gets later')
})

t.test('the page runs no inline code, and is only served under a private name', async (t) => {
  const { auth } = await operating(t)
  const page = await auth.ops.inject({ url: '/console/', headers: { host: HOST } })
  t.equal(page.statusCode, 200, page.body)
  const policy = String(page.headers['content-security-policy'])
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "require-trusted-types-for 'script'"
  ]) {
    t.match(policy, part)
  }
  t.notMatch(policy, /unsafe/)
  t.notMatch(page.body, /<script>|\son\w+=|style=/)
  const script = await auth.ops.inject({ url: '/console/main.js', headers: { host: HOST } })
  t.match(script.headers, { 'content-type': 'text/javascript; charset=utf-8' })
  const again = { host: HOST, 'if-none-match': String(script.headers.etag) }
  t.equal((await auth.ops.inject({ url: '/console/main.js', headers: again })).statusCode, 304)
  const files = [page, script]
  for (const name of ['main.css', 'icon.svg']) {
    files.push(await auth.ops.inject({ url: `/console/${name}`, headers: { host: HOST } }))
  }
  const bytes = files.reduce((sum, { rawPayload }) => sum + gzipSync(rawPayload).length, 0)
  t.ok(bytes < 120 * 1024, `${bytes} bytes, compressed`)
  const runbook = '/console/runbooks/leaked-signing-key.md'
  const text = await auth.ops.inject({ url: runbook, headers: { host: HOST } })
  t.match(text.headers['content-type'], /^text\/plain/)
  const rebound = await auth.ops.inject({ url: '/console/', headers: { host: 'evil.example' } })
  t.equal(rebound.statusCode, 403)
})
