import t, { type Test } from 'tap'
import { type Answer, audited, authService, OPS_TOKEN, password } from '../fixtures/auth-service.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { isProblem } from '../fixtures/problem.ts'

const WEEK_MS = 7 * 86_400_000
const invalid = {
  code: 'FORBIDDEN',
  detail: 'the invitation is unknown, used, revoked, expired or for another e-mail address'
} as const

for (const { name, skip, make } of databaseKinds) {
  const inviting = async (t: Test, registration: 'open' | 'invite' | 'off' = 'invite') => {
    const auth = await authService(t, { registration, database: await (await make(t)).open() })
    const ops = (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) =>
      auth.ops.inject({
        method,
        url: `/ops/invitations${url}`,
        headers: { authorization: `Bearer ${OPS_TOKEN}` },
        ...(payload === undefined ? {} : { payload })
      })
    const invite = async (payload: object = {}) => {
      const answer = await ops('POST', '', payload)
      t.equal(answer.statusCode, 201, answer.body)
      return answer.json()
    }
    const register = (invitation: unknown, email = 'ada@example.com', from = '192.0.2.1') =>
      auth.post('/register', { email, password, invitation }, auth.gateway.from(from))
    return { auth, ops, invite, register }
  }

  t.test(
    `${name}: an invitation registers one user, with its roles and scope`,
    { skip },
    async (t) => {
      const { auth, ops, invite, register } = await inviting(t)
      const without = await auth.post('/register', { email: 'ada@example.com', password })
      isProblem(t, without, { code: 'FORBIDDEN', detail: 'registration needs an invitation' })
      const rights = { roles: ['editor'], scope: ['reports'] }
      const { invitation, secret } = await invite({ ...rights, email: ' Ada@Example.com ' })
      t.match(invitation, { ...rights, email: 'ada@example.com', state: 'open', usedBy: null })
      t.equal(Date.parse(invitation.expiresAt), auth.clock() + WEEK_MS)
      isProblem(t, await register(secret, 'eve@example.com'), invalid, 'for another address')

      const weak = { email: 'ada@example.com', password: 'password', invitation: secret }
      t.equal((await auth.post('/register', weak)).statusCode, 400, 'a weak password')
      const answer = await register(secret)
      t.equal(answer.statusCode, 201, 'did not use it')
      const { user } = answer.json()
      t.strictSame(user.roles, ['editor'])
      const rows = await auth.database.selectFrom('accounts').selectAll().execute()
      t.match(rows, [{ id: user.id, email: 'ada@example.com', scope: 'reports' }])

      isProblem(t, await register(secret, 'other@example.com'), invalid, 'used')
      const listed = (await ops('GET', '')).json().invitations
      t.match(listed, [{ id: invitation.id, state: 'used', usedBy: user.id, email: null }])
      const events = (await audited(auth)).map(({ kind, subject }) => `${kind} ${subject}`)
      for (const event of [
        `invitation-created ${invitation.id}`,
        'invitation-refused null',
        `invitation-used ${user.id}`,
        `user-created ${user.id}`
      ]) {
        t.ok(events.includes(event), event)
      }
      const stored = await auth.database.selectFrom('invitations').selectAll().execute()
      t.notMatch(
        JSON.stringify([stored, await audited(auth)]),
        secret,
        'no one can read the secret'
      )
    }
  )

  t.test(
    `${name}: of two registrations at once with one invitation, one succeeds`,
    { skip },
    async (t) => {
      const { auth, invite, register } = await inviting(t)
      const { secret } = await invite()
      const people = Array.from({ length: 10 }, (_, n) => register(secret, `${n}@example.com`))
      const answers = await Promise.all(people)
      const codes = answers.map(({ statusCode }) => statusCode)
      t.equal(codes.filter((code) => code === 201).length, 1)
      t.ok(
        codes.every((code) => [201, 403, 429].includes(code)),
        `${codes}`
      )
      t.equal((await auth.database.selectFrom('accounts').selectAll().execute()).length, 1)
      const kinds = (await audited(auth)).map(({ kind }) => kind)
      t.equal(kinds.filter((kind) => kind === 'user-created').length, 1, 'also in the audit log')
    }
  )

  t.test(
    `${name}: an invitation ends by revocation and by time, and not by a conflict`,
    { skip },
    async (t) => {
      const { auth, ops, invite, register } = await inviting(t)
      const [one, two, three] = [await invite(), await invite(), await invite()]
      t.equal((await register(one.secret)).statusCode, 201)
      t.equal((await register(two.secret)).statusCode, 409, 'the address is taken')
      t.equal((await register(two.secret, 'bob@example.com')).statusCode, 201, 'it still works')

      const path = `/${three.invitation.id}`
      t.strictSame((await ops('DELETE', path)).json(), { id: three.invitation.id })
      isProblem(t, await register(three.secret, 'eve@example.com'), invalid, 'revoked')
      for (const gone of [path, `/${one.invitation.id}`]) {
        isProblem(t, await ops('DELETE', gone), {
          code: 'NOT_FOUND',
          detail: 'there is no open invitation with this id'
        })
      }
      const brief = await invite({ expiresInSeconds: 60 })
      auth.clock.advance(60_000)
      isProblem(t, await register(brief.secret, 'eve@example.com'), invalid, 'expired')
      const states = (await ops('GET', ''))
        .json()
        .invitations.map(({ state }: { state: string }) => state)
      t.strictSame(states.sort(), ['expired', 'revoked', 'used', 'used'])
    }
  )

  t.test(`${name}: a wrong invitation counts as no guess at an account`, { skip }, async (t) => {
    const { invite, register } = await inviting(t)
    const { secret } = await invite({ email: 'ada@example.com' })
    const codes = new Set<number>()
    for (let guess = 0; guess < 20; guess++) codes.add((await register('ghi_guess')).statusCode)
    t.strictSame([...codes], [403], 'only the limit of the network slows a guesser')
    t.equal((await register(secret, 'eve@example.com')).statusCode, 403)
    t.equal((await register(secret)).statusCode, 201, 'the right one, from the same network')
  })

  t.test(
    `${name}: using an invitation to find out which addresses have an account is slowed`,
    { skip },
    async (t) => {
      const { auth, invite, register } = await inviting(t)
      const [{ secret: first }, { secret }, { secret: neighbours }] = [
        await invite(),
        await invite(),
        await invite()
      ]
      t.equal((await register(first)).statusCode, 201)
      const codes: number[] = []
      for (let attempt = 0; attempt < 6; attempt++) {
        const { statusCode } = await register(secret, 'ada@example.com', `192.0.2.${attempt}`)
        codes.push(statusCode)
      }
      t.strictSame(codes, [409, 409, 409, 409, 409, 409])
      const slowed: Answer = await register(secret, 'ada@example.com', '198.51.100.9')
      isProblem(t, slowed, { code: 'RATE_LIMITED' }, 'in every network')
      t.equal(slowed.headers['retry-after'], '1')
      const free = await register(secret, 'bob@example.com')
      isProblem(t, free, { code: 'RATE_LIMITED' }, 'the same for a free address')
      t.equal((await register(neighbours, 'eve@example.com')).statusCode, 201, 'others do not wait')
      auth.clock.advance(1000)
      t.equal((await register(secret, 'ada@example.com')).statusCode, 409)
      isProblem(t, await register(secret), { code: 'RATE_LIMITED' }, 'the wait grows')
      auth.clock.advance(2000)
      t.equal((await register(secret, 'bob@example.com')).statusCode, 201, 'it still works')
    }
  )
}

t.test('an invitation works where registration is open, and not where it is off', async (t) => {
  const headers = { authorization: `Bearer ${OPS_TOKEN}` }
  for (const [registration, status] of [
    ['open', 201],
    ['off', 403]
  ] as const) {
    const auth = await authService(t, { registration })
    const request = { method: 'POST', url: '/ops/invitations', headers } as const
    const { secret } = (await auth.ops.inject({ ...request, payload: { roles: ['a'] } })).json()
    const body = { email: 'ada@example.com', password, invitation: secret }
    const answer = await auth.post('/register', body)
    t.equal(answer.statusCode, status)
    if (status === 201) t.strictSame(answer.json().user.roles, ['a'])
  }
})
