import { inputs, isHunt } from '@gatehouse/fixtures/generated'
import { generator } from '@gatehouse/fixtures/generator'
import t from 'tap'
import { authService, signedIn } from '../../services/auth/test/fixtures/auth-service.ts'
import { policy } from '../../services/auth/test/fixtures/families/stores.ts'
import { changedToken, resigned } from './fixtures/tokens/changed-token.ts'
import { tokenJudges, type Verdicts } from './fixtures/tokens/token-judges.ts'
import { tokenWorld } from './fixtures/tokens/token-world.ts'

/**
 * The judges differ where they know different things. No other token may be accepted by one and
 * refused by another.
 */
const BY_DESIGN = {
  neverWas:
    'A gateway knows which sessions and subjects are revoked, not which exist. It accepts a token for one that never was, which only our own signing key can make. Introspection asks the store.',
  endedByAge:
    'A session that ends by its age writes no revocation. Its last access token is accepted until it expires, for minutes at most. Introspection asks the store.'
} as const

const STEPS = inputs(1000)
/** A step costs as much as several hundred tokens, so a hunt checks more tokens at each step. */
const TOKENS_PER_STEP = isHunt ? 200 : 8

t.test('gateway, introspection and services agree on every token at every moment', async (t) => {
  const random = generator()
  const world = await tokenWorld(t, random)
  const judged = await tokenJudges(t, world.auth)
  const seen: Record<string, number> = {}
  const happened: string[] = []
  let asked = 0
  let delegated = 0
  for (let step = 0; step < STEPS; step += 1) {
    happened.push(await world.step())
    await judged.caughtUp()
    for (let left = TOKENS_PER_STEP; left > 0 && world.issued.length > 0; left -= 1) {
      // The newest tokens are checked most often, because nearly all old ones have expired.
      const back = Math.min(random.below(1 + random.below(60)), world.issued.length - 1)
      const issued = world.issued.at(-1 - back) ?? ''
      const { token, change, isOfNobody } = changedToken(issued, random, world.auth)
      const verdicts = await judged.of(token)
      asked += 1
      if (verdicts.introspection?.act !== undefined) delegated += 1
      const code = typeof verdicts.gateway === 'string' ? verdicts.gateway : 'accepted'
      seen[code] = (seen[code] ?? 0) + 1
      const wrong = disagreement(verdicts)
      if (wrong === null || (wrong === ONLY_GATEWAY && isOfNobody)) continue
      const how = { change, token, verdicts, happened: happened.slice(-20) }
      t.fail(`FUZZ_SEED=${random.seed}, step ${step}: ${wrong}`, how)
    }
  }
  t.ok((seen.accepted ?? 0) > STEPS / 10, 'many were accepted')
  for (const code of ['UNAUTHENTICATED', 'TOKEN_EXPIRED', 'TOKEN_STALE', 'SESSION_ENDED']) {
    t.ok((seen[code] ?? 0) > 0, `some were ${code}`)
  }
  t.ok(delegated > STEPS / 50, `${delegated} exchanged tokens were accepted`)
  t.comment(`seed ${random.seed}: ${asked} tokens asked about: ${JSON.stringify(seen)}`)
})

t.test(BY_DESIGN.neverWas, async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const { now: judged } = await tokenJudges(t, auth)
  t.equal(disagreement(await judged(tokens.accessToken)), null)
  const of = (claims: object) => resigned(tokens.accessToken, claims, auth)
  t.equal(disagreement(await judged(of({ sid: 'never' }))), ONLY_GATEWAY)
  t.equal(disagreement(await judged(of({ sub: 'nobody' }))), ONLY_GATEWAY)
  t.equal(disagreement(await judged(of({ sid: undefined }))), ONLY_GATEWAY)
})

t.test(BY_DESIGN.endedByAge, async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const { now: judged } = await tokenJudges(t, auth)
  let { refreshToken, accessToken } = tokens
  const end = auth.clock() + policy.absoluteSeconds * 1000
  while (auth.clock() < end - 1000) {
    auth.clock.advance(Math.min(policy.idleSeconds * 500, end - 1000 - auth.clock()))
    ;({ refreshToken, accessToken } = (await auth.post('/refresh-token', { refreshToken })).json())
  }
  t.equal(disagreement(await judged(accessToken)), null, 'a second before')
  auth.clock.advance(2000)
  t.equal(disagreement(await judged(accessToken)), ONLY_GATEWAY)
})

const ONLY_GATEWAY = 'the gateway lets it in, introspection says inactive'

function disagreement({ gateway, service, introspection }: Verdicts): string | null {
  if (typeof gateway === 'string') {
    return introspection === null ? null : `the gateway says ${gateway}, introspection says active`
  }
  if (introspection === null) return ONLY_GATEWAY
  if (JSON.stringify(service) !== JSON.stringify(gateway)) return 'the service reads another caller'
  const { sub, sid = null, client_id, scope, exp } = introspection
  const { subject, session, client, scope: scopes, expiresAt } = gateway
  const known = [subject, session, client, scopes.join(' '), expiresAt]
  const same = JSON.stringify([sub, sid, client_id, scope, exp]) === JSON.stringify(known)
  return same ? null : 'introspection says it of another caller'
}
