import { setTimeout as sleep } from 'node:timers/promises'
import { client } from '@gatehouse/fixtures/client'
import { faults } from '@gatehouse/fixtures/faults'
import { gatewayFleet, kidOf } from '@gatehouse/fixtures/gateway-fleet'
import { installation } from '@gatehouse/fixtures/installation'
import { postgresMissing } from '@gatehouse/fixtures/postgres-server'
import { redisMissing } from '@gatehouse/fixtures/redis-server'
import t from 'tap'

const skip = redisMissing || postgresMissing
const ROTATIONS = 10
/**
 * Between two requests of a client: the load is to be there all the time, and not to be the most
 * that there can be.
 */
const PAUSE_MS = 10

const every = (word: string, count = 4) => Array(count).fill(word)

t.test('two auth services and four gateways', { skip }, async (t) => {
  const system = await installation(t)
  const { clients, ops, user, said, eachSays, login, refresh, logout, activeKid } =
    await gatewayFleet(system)

  t.test('ten rotations under load lose no request, at four gateways', async (t) => {
    const answers: Record<string, number> = {}
    const kids = new Set<string>()
    let going = true
    const note = ({ status, text }: { status: number; text: string }) => {
      const answer = status === 200 ? '200' : `${status} ${text}`
      answers[answer] = (answers[answer] ?? 0) + 1
    }
    const load = clients.map(async (home, own) => {
      let tokens = await login(home)
      for (let turn = 0; going; turn += 1) {
        const other = clients[(own + turn) % clients.length] ?? home
        note(await other.call('/orders', { token: tokens.accessToken }))
        kids.add(kidOf(tokens.accessToken))
        await sleep(PAUSE_MS)
        if (turn % 5 !== 4) continue
        const answer = await home.refresh(tokens.refreshToken)
        // Refreshes have a limit of their own; it is not what is tried here.
        if (answer.status !== 429) note(answer)
        if (answer.status === 200) tokens = answer.body
      }
    })
    for (let rotation = 1; rotation <= ROTATIONS; rotation += 1) {
      const algorithm = rotation % 3 === 0 ? ['--algorithm', 'EdDSA'] : []
      const rotated = await ops(['keys', 'rotate', ...algorithm, '--json'])
      t.equal(rotated.code, 0, `rotation ${rotation} ${rotated.stderr}`)
    }
    going = false
    await Promise.all(load)
    const { 200: answered = 0, ...others } = answers
    const lost = Object.values(others).reduce((sum, count) => sum + count, 0)
    t.equal(lost, faults.keyRotated.lost, JSON.stringify(others))
    t.ok(answered > 0)
    t.ok(kids.size > 2, `tokens of ${kids.size} keys`)
    t.comment(`${answers['200']} requests`)
  })

  t.test('all gateways refuse revoked tokens, with the right code', async (t) => {
    t.test('tokens of a logged-out session are refused', async (t) => {
      const waits: number[] = []
      for (let round = 0; round < 20; round += 1) {
        const { accessToken, refreshToken } = await login()
        t.strictSame(await said(accessToken), every('200'))
        await logout(refreshToken)
        const begun = performance.now()
        t.strictSame(await eachSays(accessToken, 'SESSION_ENDED'), every('SESSION_ENDED'))
        waits.push(Math.round(performance.now() - begun))
      }
      const sorted = waits.sort((one, other) => one - other)
      t.comment(`the slowest of four gateways, in ms: median ${sorted[10]}, worst ${sorted[19]}`)
    })

    t.test('tokens of a user whose roles have changed are stale until a refresh', async (t) => {
      const tokens = await login()
      await ops(['users', 'roles', user.id, 'user', 'auditor'])
      t.strictSame(await eachSays(tokens.accessToken, 'TOKEN_STALE'), every('TOKEN_STALE'))
      const { body } = await refresh(tokens.refreshToken)
      t.strictSame(await said(body.accessToken), every('200'))
    })

    t.test('after tokens revoke-all, all tokens are stale until a refresh', async (t) => {
      const tokens = await login()
      t.strictSame(await said(tokens.accessToken), every('200'))
      const revoked = await ops(['tokens', 'revoke-all', '--yes'])
      t.equal(revoked.code, 0, revoked.stderr)
      t.strictSame(await eachSays(tokens.accessToken, 'TOKEN_STALE'), every('TOKEN_STALE'))
      const { body } = await refresh(tokens.refreshToken)
      t.strictSame(await said(body.accessToken), every('200'), 'at once')
      t.match((await ops(['audit', '--limit', '1'])).stdout, 'tokens-revoked')
    })

    t.test('tokens of a revoked key are refused, also at gateways that start later', async (t) => {
      const before = await login()
      const leaked = kidOf(before.accessToken)
      t.strictSame(await said(before.accessToken), every('200'), 'and remember it')
      t.equal(leaked, await activeKid())
      const revoked = await ops(['keys', 'revoke', leaked, '--yes'])
      t.equal(revoked.code, 0, revoked.stderr)
      t.strictSame(await eachSays(before.accessToken, 'TOKEN_STALE'), every('TOKEN_STALE'))
      const { body } = await refresh(before.refreshToken)
      t.not(kidOf(body.accessToken), leaked)
      t.strictSame(await eachSays(body.accessToken, '200'), every('200'), 'everyone goes on')
      const late = client((await system.startGateway()).url)
      t.equal((await late.call('/orders', { token: before.accessToken })).status, 401)
      t.equal((await late.call('/orders', { token: body.accessToken })).status, 200)
    })

    t.test('tokens of a disabled user are refused', async (t) => {
      const { accessToken } = await login()
      t.equal((await ops(['users', 'disable', user.id, '--yes'])).code, 0)
      t.strictSame(await eachSays(accessToken, 'SESSION_ENDED'), every('SESSION_ENDED'))
    })
  })
})
