import { decodeJwt } from 'jose'
import t from 'tap'
import { isProblem } from '../fixtures/problem.ts'
import { type Email, type GithubUser, githubServer, json } from '../fixtures/providers/github.ts'
import {
  authWithGithub,
  callbackOf,
  signInWithGithub,
  visitGithub
} from '../fixtures/providers/github-login.ts'
import { begin } from '../fixtures/providers/provider-login.ts'
import { headersOf } from '../fixtures/second-factor.ts'

const github = await githubServer(t, callbackOf('github'))

const address = (email: string, more: Partial<Email> = {}): Email => ({
  email,
  primary: false,
  verified: true,
  visibility: null,
  ...more
})
const octocat: GithubUser = {
  id: 583231,
  login: 'octocat',
  emails: [
    address('octocat@users.noreply.github.com'),
    address('Octo.Cat@example.com', { primary: true, visibility: 'private' }),
    address('another@example.com')
  ]
}

t.test('users of GitHub sign in, and stay the same when they are renamed', async (t) => {
  const auth = await authWithGithub(t, github)
  t.strictSame((await auth.get('/login/providers')).json(), {
    providers: [{ id: 'github', name: 'github', reauthentication: false }]
  })
  const { location } = await begin(auth, 'github')
  t.ok(location.startsWith(`${github.url}/login/oauth/authorize?`), location)
  const { searchParams: query } = new URL(location)
  t.strictSame([...query.keys()].sort(), [
    'client_id',
    'code_challenge',
    'code_challenge_method',
    'redirect_uri',
    'response_type',
    'scope',
    'state'
  ])
  t.strictSame([query.get('scope'), query.get('code_challenge_method')], ['user:email', 'S256'])

  const first = await signInWithGithub(auth, github, octocat)
  t.equal(first.statusCode, 200, first.body)
  const claims = decodeJwt(first.json().accessToken)
  t.match(claims, { email: 'octo.cat@example.com', amr: ['fed'] }, 'by the primary address')
  const headers = await headersOf(auth, { id: String(claims.sub) }, first.json())
  const issuer = `${github.url}/login/oauth`
  t.match((await auth.get('/identities', headers)).json().identities, [
    { provider: 'github', issuer, email: 'Octo.Cat@example.com', lastUsedAt: /Z$/ }
  ])
  const stored = await auth.database.selectFrom('identities').select('provider_subject').execute()
  t.match(stored, [{ provider_subject: '583231' }], 'by the number')

  // The user has another name and another address now, and somebody else has taken both.
  const moved = {
    ...octocat,
    login: 'monalisa',
    emails: [address('m@example.com', { primary: true })]
  }
  const again = await signInWithGithub(auth, github, moved)
  t.equal(decodeJwt(again.json().accessToken).sub, claims.sub)
  const successor = { ...octocat, id: 99 }
  isProblem(t, await signInWithGithub(auth, github, successor), {
    code: 'CONFLICT',
    detail: 'an account has this e-mail address: sign in to it another way, and link the provider'
  })
})

t.test('the primary address is found in a long list', async (t) => {
  const auth = await authWithGithub(t, github)
  const others = (length: number) =>
    Array.from({ length }, (_, at) => address(`other-${at}@example.com`))
  const primary = address('the.primary@example.com', { primary: true })
  const last = { ...octocat, id: 7, emails: [...others(250), primary] }
  const answer = await signInWithGithub(auth, github, last)
  t.equal(decodeJwt(answer.json().accessToken).email, primary.email)
  const beyond = { ...octocat, id: 8, emails: [...others(300), primary] }
  github.asked.length = 0
  t.equal((await signInWithGithub(auth, github, beyond)).json().code, 'FORBIDDEN')
  t.equal(github.asked.filter((path) => path.includes('/emails')).length, 3, 'but not without end')
})

t.test('an address that is not verified, not primary, or made up creates no account', async (t) => {
  const auth = await authWithGithub(t, github, { more: { linking: 'verified-email' } })
  const lists: Readonly<Record<string, readonly Email[]>> = {
    none: [],
    'no primary one': [address('a@example.com')],
    'a made-up one': [address('octocat@users.noreply.github.com', { primary: true })],
    'a made-up one of a server': [address('1+o@users.noreply.git.example', { primary: true })],
    'one that no account can have': [address('a@b@c', { primary: true })],
    'one with a line break': [address('a@example.com\nb', { primary: true })]
  }
  for (const [title, emails] of Object.entries(lists)) {
    const answer = await signInWithGithub(auth, github, { ...octocat, emails })
    t.equal(answer.json().code, 'FORBIDDEN', title)
  }
  t.strictSame(await auth.database.selectFrom('accounts').select('id').execute(), [])
})

t.test('without the right to read addresses, only a linked user can sign in', async (t) => {
  const auth = await authWithGithub(t, github)
  const known = await signInWithGithub(auth, github, octocat)
  t.equal(known.statusCode, 200)
  github.behave({
    paths: {
      '/api/v3/user/emails': (_request, response) => response.writeHead(404).end('{}')
    }
  })
  const again = await signInWithGithub(auth, github, octocat)
  t.equal(decodeJwt(again.json().accessToken).sub, decodeJwt(known.json().accessToken).sub)
  const stranger = await signInWithGithub(auth, github, { ...octocat, id: 9 })
  t.equal(stranger.json().code, 'FORBIDDEN')
  github.behave({})
})

t.test('users of an older server without PKCE and without iss sign in', async (t) => {
  const auth = await authWithGithub(t, github)
  github.behave({ withoutPkce: true, iss: null })
  t.equal((await signInWithGithub(auth, github, octocat)).statusCode, 200)
  github.behave({})
})

t.test('organizations and teams of GitHub give roles, by their numbers', async (t) => {
  const roleMapping = [
    { claim: 'organizations', value: 9919, roles: ['member'] },
    { claim: 'teams', value: 42, roles: ['editor'] }
  ]
  const claimMapping = [{ claim: 'email', as: 'contact' }]
  const auth = await authWithGithub(t, github, { more: { roleMapping, claimMapping } })
  const { location } = await begin(auth, 'github')
  t.equal(new URL(location).searchParams.get('scope'), 'user:email read:org')
  const rolesOf = async (more: Partial<GithubUser>) => {
    const answer = await signInWithGithub(auth, github, { ...octocat, ...more })
    return decodeJwt(answer.json().accessToken).roles
  }
  const active = { id: 9919, state: 'active' }
  const many = Array.from({ length: 150 }, (_, at) => ({ id: at + 1, state: 'active' }))
  t.strictSame(await rolesOf({ organizations: [...many, active], teams: [42] }), [
    'user',
    'member',
    'editor'
  ])
  t.strictSame(await rolesOf({ organizations: [{ ...active, state: 'pending' }] }), ['user'])
  t.strictSame(await rolesOf({ organizations: [{ ...active, id: 42 }], teams: [9919] }), ['user'])
  // GitHub ignores the state that was asked for, or does not show memberships to the app.
  const memberships = '/api/v3/user/memberships/orgs'
  t.teardown(() => github.behave({}))
  for (const body of [[{ state: 'pending', organization: { id: 9919 } }], null]) {
    github.behave({
      paths: { [memberships]: (_, response) => json(response, body, body === null ? 403 : 200) }
    })
    t.strictSame(await rolesOf({ organizations: [active], teams: [42] }), ['user', 'editor'])
  }
  for (const body of [{}, [{ state: 'active', organization: { id: '9919' } }], [9919]]) {
    github.behave({ paths: { [memberships]: (_, response) => json(response, body) } })
    const { error } = await visitGithub(auth, github, octocat)
    t.equal(error, 'invalid', JSON.stringify(body))
  }
})
