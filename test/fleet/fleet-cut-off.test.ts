import { client, eventually } from '@gatehouse/fixtures/client'
import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import { flakyLink } from '@gatehouse/fixtures/flaky-link'
import { FLEET_PATIENCE_MS, gatewayFleet } from '@gatehouse/fixtures/gateway-fleet'
import { installation } from '@gatehouse/fixtures/installation'
import { postgresMissing } from '@gatehouse/fixtures/postgres-server'
import { redisMissing } from '@gatehouse/fixtures/redis-server'
import t from 'tap'

const skip = redisMissing || postgresMissing
const isReady = (state: string) => state === '200 ready'
const isRefused = (status: number) => status === 401

t.test('gateways with a faulty connection to Redis keep deciding', { skip }, async (t) => {
  const system = await installation(t, {
    auths: 2,
    gateways: 1,
    settings: { AUTH_REFRESH_GRACE_SECONDS: '0' }
  })
  const { ops, login, logout, activeKid } = await gatewayFleet(system)

  // One more gateway, whose connection to Redis is a link of its own.
  const link = await flakyLink(t, system.redis.port)
  const { url, opsUrl } = await system.startGateway({
    REDIS_URL: `redis://127.0.0.1:${link.port}`
  })
  const says = async (token: string) => (await client(url).call('/orders', { token })).status
  const comesToRefuse = (token: string) =>
    eventually(
      () => says(token),
      (now) => now === 401,
      FLEET_PATIENCE_MS
    )
  const readiness = async () => {
    const answer = await fetch(`${opsUrl}/readyz`)
    return `${answer.status} ${((await answer.json()) as { status: string }).status}`
  }
  const comesToBe = (state: string) =>
    eventually(readiness, (now) => now === state, FLEET_PATIENCE_MS)

  t.test('the use of a token shows that the response to a refresh arrived', async (t) => {
    const [edge] = system.gateways.map(({ url }) => client(url))
    if (edge === undefined) throw new Error('there is no gateway')
    const first = await login()
    const lost = await edge.refresh(first.refreshToken)
    const again = await edge.refresh(first.refreshToken)
    t.equal(again.status, 200, 'a client that never got it asks again, without any grace')
    t.equal(again.body.refreshToken, lost.body.refreshToken)

    t.equal((await edge.call('/orders', { token: again.body.accessToken })).status, 200)
    const replayed = await eventually(
      () => edge.refresh(first.refreshToken),
      ({ status }) => status === 401,
      FLEET_PATIENCE_MS
    )
    t.equal(replayed.body.code, 'SESSION_ENDED', 'after its use, the spent token ends the session')
  })

  t.test('a gateway whose events were lost on the network misses nothing', async (t) => {
    const { accessToken, refreshToken } = await login()
    t.equal(await says(accessToken), 200)

    link.hold()
    await logout(refreshToken)
    await eventually(
      async () => link.held,
      (held) => held > 0,
      FLEET_PATIENCE_MS
    )
    t.equal(await says(accessToken), 200, 'it has not heard of it')
    // Everything on its way is lost with the connection.
    link.forget()
    link.cut()
    link.mend()
    t.equal(await comesToRefuse(accessToken), 401)
    t.equal(await comesToBe('200 ready'), '200 ready')
  })

  t.test('a gateway to which Redis is late serves as before', async (t) => {
    const { accessToken, refreshToken } = await login()
    const slow = client(url)
    for (const delayMs of [50, 250, 1000]) {
      link.delay(delayMs)
      const lost = (await says(accessToken)) === 200 ? 0 : 1
      t.equal(lost, faults.gatewayRedisLate.lost, `${delayMs} ms`)
      await t.resolves(login(slow), `a login, ${delayMs} ms`)
    }
    await logout(refreshToken)
    t.equal(await comesToRefuse(accessToken), 401, 'a revocation arrives')
    link.delay(0)
    await endsInTime(t, faults.gatewayRedisLate, readiness, isReady)
  })

  t.test('a gateway that was cut off misses nothing', async (t) => {
    const [out, leaked] = [await login(), await login()]
    t.strictSame([await says(out.accessToken), await says(leaked.accessToken)], [200, 200])

    link.cut()
    await logout(out.refreshToken)
    t.equal((await ops(['keys', 'revoke', await activeKid(), '--yes'])).code, 0)
    t.equal(await comesToBe('200 degraded'), '200 degraded', 'it says so')
    t.equal(await says(out.accessToken), 200, 'and serves from memory')

    // Longer than its announcement is valid, and so longer than any pause between two attempts to
    // connect.
    const listed = await eventually(
      async () => (await ops(['gateways'])).stdout,
      (gateways) => /\b1 gateway\n/.test(gateways),
      FLEET_PATIENCE_MS
    )
    t.match(listed, /\b1 gateway\n/, 'it counts as gone')
    link.mend()
    const mended = performance.now()
    const refuses = ({ accessToken }: typeof out) =>
      endsInTime(t, faults.gatewayCutOff, () => says(accessToken), isRefused)
    const refused = [await refuses(out), await refuses(leaked)]
    const missed = refused.filter((status) => status !== 401)
    t.equal(missed.length, faults.gatewayCutOff.lost)
    t.comment(`refused ${Math.round(performance.now() - mended)} ms after it could connect again`)
    await endsInTime(t, faults.gatewayCutOff, readiness, isReady)
  })
})
