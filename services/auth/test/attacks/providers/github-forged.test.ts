import type { IncomingMessage, ServerResponse } from 'node:http'
import { fakeProvider } from '@gatehouse/fixtures/fake-provider'
import t from 'tap'
import { type GithubUser, githubServer, json } from '../../fixtures/providers/github.ts'
import {
  authWithGithub,
  callbackOf,
  githubEntry,
  visitGithub
} from '../../fixtures/providers/github-login.ts'
import {
  authWithProviders,
  begin,
  callback,
  returned
} from '../../fixtures/providers/provider-login.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const github = await githubServer(t, callbackOf('github'))

/** Sends the head of a response, and then never its end. */
const stalls: Handler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":1,')
}

const octocat: GithubUser = {
  id: 583231,
  login: 'octocat',
  emails: [{ email: 'octocat@example.com', primary: true, verified: true }]
}
const mallory: GithubUser = { ...octocat, id: 666, login: 'mallory' }

// It takes as long as GitHub may take, while the other tests run.
const stalled = await githubServer(t, callbackOf('github'))
stalled.behave({ paths: { '/api/v3/user': stalls } })
const waiting = visitGithub(await authWithGithub(t, stalled), stalled, octocat)

t.beforeEach(() => github.behave({}))

const says =
  (body: unknown, status = 200, headers = {}): Handler =>
  (_request, response) =>
    json(response, body, status, headers)
const writes =
  (text: string, type = 'application/json'): Handler =>
  (_request, response) =>
    response.writeHead(200, { 'content-type': type }).end(text)
const redirects: Handler = (_request, response) =>
  response.writeHead(302, { location: 'http://127.0.0.1:1/user' }).end()

const pours: Handler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const pour = (): void => {
    while (!response.destroyed && response.write('[[1,'.repeat(10_000)));
    if (!response.destroyed) response.once('drain', pour)
  }
  pour()
}

const user = { id: 583231, login: 'octocat', type: 'User' }
const email = { email: 'octocat@example.com', primary: true, verified: true }

/** What GitHub responds, and the result of the login. */
const forgeries: Readonly<Record<string, readonly [string, Handler, string]>> = {
  'a token response without a token': ['token', says({ token_type: 'bearer' }), 'invalid'],
  'a token that is no text': ['token', says({ access_token: 7, token_type: 'bearer' }), 'invalid'],
  'a token that is a form': ['token', writes('access_token=a&token_type=bearer'), 'invalid'],
  'a token response that redirects': ['token', redirects, 'invalid'],
  'a token response without end': ['token', pours, 'unavailable'],
  'an error without a status': ['token', says({ error: 'bad_verification_code' }), 'invalid'],
  'an unverified address': ['token', says({ error: 'unverified_user_email' }), 'denied'],
  'an outage of tokens': ['token', says({}, 502), 'unavailable'],
  'a user without a number': ['user', says({ ...user, id: undefined }), 'invalid'],
  'a number that is text': ['user', says({ ...user, id: '583231' }), 'invalid'],
  'a number that is no integer': ['user', says({ ...user, id: 1.5 }), 'invalid'],
  'a number that is zero': ['user', says({ ...user, id: 0 }), 'invalid'],
  'a number that is not exact': [
    'user',
    writes('{"id":9007199254740993,"type":"User"}'),
    'invalid'
  ],
  'several users': ['user', says([user]), 'invalid'],
  'an organization': ['user', says({ ...user, type: 'Organization' }), 'invalid'],
  'a user without a type': ['user', says({ ...user, type: undefined }), 'invalid'],
  'a user that redirects': ['user', redirects, 'invalid'],
  'a user without end': ['user', pours, 'unavailable'],
  'no JSON': ['user', writes('<html>', 'text/html'), 'invalid'],
  'a token that the API does not know': ['user', says({}, 401), 'invalid'],
  'no user': ['user', says({}, 404), 'invalid'],
  'a limit': ['user', says({}, 403, { 'x-ratelimit-remaining': '0' }), 'unavailable'],
  'another limit': ['user', says({}, 429), 'unavailable'],
  'addresses that are no list': ['emails', says({ 0: email }), 'invalid'],
  'an address that is no object': ['emails', says(['octocat@example.com']), 'invalid'],
  'verified as text': ['emails', says([{ ...email, verified: 'true' }]), 'invalid'],
  'primary as a number': ['emails', says([{ ...email, primary: 1 }]), 'invalid'],
  'an address that is no text': ['emails', says([{ ...email, email: [email] }]), 'invalid'],
  'two primary addresses': [
    'emails',
    says([email, { ...email, email: 'victim@example.com' }]),
    'invalid'
  ],
  'more than a page': ['emails', says(Array(101).fill({ ...email, primary: false })), 'invalid'],
  'addresses without end': ['emails', pours, 'unavailable'],
  'addresses that redirect': ['emails', redirects, 'invalid'],
  'a limit of addresses': ['emails', says({}, 403, { 'retry-after': '60' }), 'unavailable']
}

const paths: Readonly<Record<string, string>> = {
  token: '/login/oauth/access_token',
  user: '/api/v3/user',
  emails: '/api/v3/user/emails'
}

t.test('a response that GitHub does not document signs nobody in', async (t) => {
  const auth = await authWithGithub(t, github)
  for (const [title, [part, handler, error]] of Object.entries(forgeries)) {
    github.behave({ paths: { [paths[part] ?? '']: handler } })
    const { verifier: _verifier, ...result } = await visitGithub(auth, github, octocat)
    t.strictSame(result, { error, provider: 'github' }, title)
  }
  t.strictSame(await auth.database.selectFrom('provider_logins').selectAll().execute(), [])
  github.behave({})
  t.type((await visitGithub(auth, github, octocat)).code, 'string', 'the honest one does')
})

t.test('the Link header of a page of addresses is not followed', async (t) => {
  const auth = await authWithGithub(t, github)
  const elsewhere = { link: '<http://127.0.0.1:1/user/emails?page=2>; rel="next"' }
  const others = Array.from({ length: 100 }, () => ({ ...email, primary: false }))
  github.behave({ paths: { '/api/v3/user/emails': says(others, 200, elsewhere) } })
  t.type((await visitGithub(auth, github, octocat)).code, 'string')
})

t.test('a code of GitHub works only in the browser that began, with its state', async (t) => {
  const auth = await authWithGithub(t, github)
  const mine = await begin(auth, 'github')
  const theirs = await begin(auth, 'github')
  const stolen = new URLSearchParams(github.authorize(theirs.location, octocat))
  const invalid = { error: 'invalid', provider: 'github' }
  const before = github.asked.length
  const swapped = await callback(auth, 'github', stolen.toString(), mine.browser)
  t.strictSame(returned(swapped), invalid, 'another state')
  t.equal(github.asked.length, before, 'and is not redeemed')

  // Code injection: the code of a victim, with the state of the attacker. PKCE refuses it.
  const own = new URL(mine.location).searchParams.get('state') ?? ''
  stolen.set('state', own)
  const injected = await callback(auth, 'github', stolen.toString(), mine.browser)
  t.strictSame(returned(injected), invalid, 'a code of another login')

  const twice = await begin(auth, 'github')
  const query = `${github.authorize(twice.location, octocat)}&code=another`
  t.strictSame(returned(await callback(auth, 'github', query, twice.browser)), invalid, 'two codes')
})

t.test('a code of one provider is not sent to another', async (t) => {
  const evil = await githubServer(t, callbackOf('evil'))
  const openid = await fakeProvider(t)
  const auth = await authWithProviders(t, [
    githubEntry(t, github),
    githubEntry(t, evil, 'evil'),
    { id: 'openid', issuer: openid.issuer }
  ])
  const invalid = (provider: string) => ({ error: 'invalid', provider })
  for (const iss of [undefined, null]) {
    github.behave(iss === null ? { iss } : {})
    // The browser began at the evil server, which sent it on to GitHub.
    for (const id of ['evil', 'openid']) {
      const { location, browser } = await begin(auth, id)
      const relayed = new URL(location)
      relayed.searchParams.set('redirect_uri', callbackOf('github'))
      relayed.searchParams.set('scope', 'user:email')
      const query = github.authorize(relayed.href, octocat)
      const asked = [github, evil, openid].map((one) => one.asked.length)
      const atGithub = await callback(auth, 'github', query, browser)
      t.strictSame(returned(atGithub), invalid('github'), `${id}, at the callback of GitHub`)
      if (iss === undefined) {
        const atEvil = await callback(auth, id, query, browser)
        t.strictSame(returned(atEvil), invalid(id), `${id}, at its own callback, by the iss`)
      }
      const after = [github, evil, openid].map((one) => one.asked.length)
      t.strictSame(after, asked, `${id}, the code is sent nowhere`)
    }
  }
  github.behave({ iss: 'https://github.com/login/oauth' })
  t.match(await visitGithub(auth, github, octocat), invalid('github'), 'the iss of another server')
})

t.test('the same number at two servers is two people', async (t) => {
  const other = await githubServer(t, callbackOf('other'))
  const auth = await authWithProviders(t, [githubEntry(t, github), githubEntry(t, other, 'other')])
  const one = await visitGithub(auth, github, octocat)
  const { location, browser, verifier } = await begin(auth, 'other')
  const query = other.authorize(location, {
    ...mallory,
    id: octocat.id,
    emails: [{ ...email, email: 'mallory@example.com' }]
  })
  const { code } = returned(await callback(auth, 'other', query, browser))
  const subjects: unknown[] = []
  for (const exchanged of [one, { code, verifier }]) {
    const answer = await auth.post('/login/providers', {
      code: exchanged.code,
      codeVerifier: exchanged.verifier
    })
    subjects.push(answer.json().user?.id ?? answer.body)
  }
  t.not(subjects[0], subjects[1])
  t.equal((await auth.database.selectFrom('identities').selectAll().execute()).length, 2)
})

t.test('a login at a stalled API ends', async (t) => {
  t.match(await waiting, { error: 'unavailable' })
})
