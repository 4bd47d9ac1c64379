import { randomUUID } from 'node:crypto'
import { decodeJwt } from 'jose'
import t from 'tap'
import { audited, type Tokens, used } from '../fixtures/auth-service.ts'
import { clockFromNow, opening, otherRevocations } from '../fixtures/families/stores.ts'
import { clientWithSecret, postForm } from '../fixtures/oauth/oauth-client.ts'
import { isProblem } from '../fixtures/problem.ts'
import { asleep, LATE_MS, stores } from './fixtures/asleep.ts'

t.test('a client that lost its response recovers after the grace window', async (t) => {
  const { auth, tokens, refresh, lost } = await asleep(t)
  for (const _ of ['again', 'and once more']) {
    auth.clock.advance(3_600_000)
    const answer = await refresh(tokens.refreshToken)
    t.equal(answer.statusCode, 200)
    t.equal(answer.json().refreshToken, lost.refreshToken, 'the same successor, byte for byte')
  }
  t.equal((await refresh(lost.refreshToken)).statusCode, 200, 'which works')
  const kinds = (await audited(auth)).map(({ kind }) => kind).slice(-2)
  t.strictSame(kinds, ['refresh-recovered', 'refresh-recovered'])
  const counted = await auth.registry.getSingleMetricAsString('auth_refresh_total')
  t.match(counted, 'auth_refresh_total{outcome="recovered"} 2')
})

t.test('once the owner has used the new token, a spent token ends the session', async (t) => {
  const { auth, tokens, refresh, lost } = await asleep(t)
  await used(auth, lost.accessToken)
  isProblem(t, await refresh(tokens.refreshToken), { code: 'SESSION_ENDED' })
  isProblem(t, await refresh(lost.refreshToken), { code: 'SESSION_ENDED' })
})

t.test('owner and thief cannot share a session that both of them use', async (t) => {
  const { auth, tokens, refresh, lost } = await asleep(t)
  // The thief refreshes before the owner has used anything, and both have the same successor.
  const thiefs: Tokens = (await refresh(tokens.refreshToken)).json()
  t.equal(thiefs.refreshToken, lost.refreshToken)
  const next: Tokens = (await refresh(thiefs.refreshToken)).json()
  await used(auth, next.accessToken)
  auth.clock.advance(LATE_MS)
  isProblem(t, await refresh(lost.refreshToken), { code: 'SESSION_ENDED' }, 'the owner shows it')
})

t.test(
  'a thief who always refreshes before the owner has no usable token beside the owner’s',
  async (t) => {
    const { auth, tokens, refresh, lost } = await asleep(t)
    const client = await clientWithSecret(auth, 'client_secret_basic', ['introspect'])
    const isActive = async (token: string): Promise<boolean> =>
      (await postForm(auth, '/oauth/introspect', { token }, client.authorized)).json().active
    const refused: Tokens[] = []
    let [owner, thief] = [tokens, lost]
    for (let round = 0; round < 3; round++) {
      owner = (await refresh(owner.refreshToken)).json()
      await used(auth, owner.accessToken)
      refused.push(thief)
      t.equal(owner.refreshToken, thief.refreshToken, 'both hold the same refresh token')
      t.ok(await isActive(owner.accessToken), 'the owner continues')
      thief = (await refresh(thief.refreshToken)).json()
      auth.clock.advance(LATE_MS)
    }
    for (const { accessToken } of refused)
      t.notOk(await isActive(accessToken), 'the thief does not')
    const entries = await otherRevocations(auth.store)
    for (const [round, { accessToken }] of refused.entries()) {
      const { iat = 0 } = decodeJwt(accessToken)
      // A round's second entry is about the owner's token.
      const entry = entries[2 * round]
      t.match(entry, { kind: 'session-tokens', id: owner.session.id, before: Number })
      t.ok(entry?.kind === 'session-tokens' && iat < entry.before, 'every gateway hears of it')
    }
    await used(auth, thief.accessToken)
    isProblem(
      t,
      await refresh(owner.refreshToken),
      { code: 'SESSION_ENDED' },
      'or the session ends'
    )
  }
)

t.test('a thief who recovered loses the access token when the owner refreshes', async (t) => {
  const { auth, tokens, refresh, lost } = await asleep(t)
  const client = await clientWithSecret(auth, 'client_secret_basic', ['introspect'])
  const isActive = async ({ accessToken }: Tokens): Promise<boolean> =>
    (await postForm(auth, '/oauth/introspect', { token: accessToken }, client.authorized)).json()
      .active
  const thiefs: Tokens = (await refresh(tokens.refreshToken)).json()
  auth.clock.advance(1000)
  // The response was not lost: the owner has it, and continues with it.
  const owners: Tokens = (await refresh(lost.refreshToken)).json()
  const { iat = 0 } = decodeJwt(thiefs.accessToken)
  const entries = await otherRevocations(auth.store)
  const [, entry] = entries
  t.equal(entries.length, 2)
  t.ok(entry?.kind === 'session-tokens' && iat < entry.before, 'every gateway hears of it')
  t.notOk(await isActive(thiefs), 'the thief is out')
  t.ok(await isActive(owners), 'the owner is not')
  const next: Tokens = (await refresh(owners.refreshToken)).json()
  t.ok(await isActive(owners), 'and a rotation after that makes nothing stale')
  t.ok(await isActive(next))
})

for (const [name, open] of Object.entries(stores)) {
  t.test(
    `${name}: the tokens that a repeated answer makes stale are in the revocation log`,
    open.options,
    async (t) => {
      const clock = clockFromNow()
      const store = await open.store(t, clock)
      const subject = randomUUID()
      await store.families.open(subject, 'a', opening)
      await store.families.present(subject, 'a', 0)
      t.strictSame(await otherRevocations(store), [], 'a rotation makes nothing stale')
      clock.advance(LATE_MS)
      const before = Math.floor(clock() / 1000) + 2
      t.match(await store.families.present(subject, 'a', 0), {
        outcome: 'recovered',
        after: { tokensNotBefore: before }
      })
      const told = { kind: 'session-tokens', id: 'a' }
      t.match(await otherRevocations(store), [{ ...told, before }])
      clock.advance(5000)
      await store.families.present(subject, 'a', 1)
      const next = before + 5
      t.match(await otherRevocations(store), [{ before }, { ...told, before: next }])
      clock.advance(5000)
      await store.families.present(subject, 'a', 2)
      t.match(await store.families.list(subject), [{ record: { tokensNotBefore: next } }])
      t.equal(
        (await otherRevocations(store)).length,
        2,
        'the second answer has its rotation, no more'
      )
    }
  )
}
