import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { askingClients } from '@gatehouse/bench/testing/asking-clients'
import { restartEach, rotateKeys } from '@gatehouse/bench/testing/changes'
import { eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { faults } from '@gatehouse/fixtures/faults'
import { gatewayFleet, kidOf } from '@gatehouse/fixtures/gateway-fleet'
import { type Installation, installation } from '@gatehouse/fixtures/installation'
import { within } from '@gatehouse/fixtures/own-time'
import { postgresMissing } from '@gatehouse/fixtures/postgres-server'
import { redisMissing } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import { callingProgram, verifyingService } from './fixtures/package-users.ts'

const skip = redisMissing || postgresMissing
const ROTATIONS = 10
const ROUNDS = 10
/** Between two requests of a client. The load must be constant, but need not be the maximum. */
const PAUSE_MS = 60
/** the time within which gateways refuse a revoked token (from the contract) */
const REVOKED_WITHIN_MS = 1000

const failedRequestsLogged = { GATEWAY_ACCESS_LOG: 'on', GATEWAY_ACCESS_LOG_SAMPLES: '2xx=0' }

/** The lines of the log that can explain a lost request. */
const linesOfFaults = (file: string): string =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /"level":[4-6]0|"status(?:Code)?":50\d/.test(line))
    .join('\n')

const every = (word: string, count = 4) => Array(count).fill(word)

t.test('two auth services and four gateways follow a rotation of keys', { skip }, async (t) => {
  const logFile = join(dataFolder(t), 'log')
  const keySets: string[] = []
  const direct = await verifyingService(t, 'direct', () => keySets)
  const system: Installation = await installation(t, {
    services: { direct },
    settings: { AUTH_REFRESH_LIMIT_PER_MINUTE: '1000000', ...failedRequestsLogged },
    logFile
  })
  keySets.push(...system.gateways.map(({ opsUrl }) => `${opsUrl}/.well-known/gateway-jwks.json`))
  const urls = system.gateways.map(({ url }) => url)
  const { clients, ops, user, said, eachSays, login, refresh, logout, activeKid } =
    await gatewayFleet(system)
  const programs = await Promise.all(
    urls
      .slice(0, 2)
      .map((url, index) =>
        callingProgram(url, `program-${index}@example.com`, { path: '/direct', pauseMs: 80 })
      )
  )

  t.test('ten rotations under load lose no request, at four gateways', async (t) => {
    const asking = await askingClients(urls, { clients: 4, pauseMs: PAUSE_MS })
    await rotateKeys(ops, { count: ROTATIONS, pauseMs: 0 }, (line) => t.comment(line))
    await asking.stop()
    const { good, failed, keys } = asking.take()
    t.equal(failed.length, faults.keyRotated.lost, JSON.stringify(failed))
    if (failed.length > 0) t.comment(linesOfFaults(logFile))
    t.ok(good > 0)
    t.ok(keys > 2, `tokens of ${keys} keys`)
    t.comment(`${good} requests`)
  })

  t.test('all gateways refuse revoked tokens, with the right code', async (t) => {
    t.test('tokens of a logged-out session are refused', async (t) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { accessToken, refreshToken } = await login()
        t.strictSame(await said(accessToken), every('200'))
        await logout(refreshToken)
        const words = await within(t, REVOKED_WITHIN_MS, 'everywhere', () =>
          eachSays(accessToken, 'SESSION_ENDED')
        )
        t.strictSame(words, every('SESSION_ENDED'))
      }
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

    t.test('tokens of a revoked key are refused, even at gateways that start later', async (t) => {
      const before = await login()
      const leaked = kidOf(before.accessToken)
      t.strictSame(await said(before.accessToken), every('200'), 'and remember it')
      t.equal(leaked, await activeKid())
      const revoked = await ops(['keys', 'revoke', leaked, '--yes'])
      t.equal(revoked.code, 0, revoked.stderr)
      const words = await within(t, REVOKED_WITHIN_MS, 'everywhere', () =>
        eachSays(before.accessToken, 'TOKEN_STALE')
      )
      t.strictSame(words, every('TOKEN_STALE'))
      const { body } = await refresh(before.refreshToken)
      t.not(kidOf(body.accessToken), leaked)
      t.strictSame(await eachSays(body.accessToken, '200'), every('200'), 'everyone continues')

      await restartEach(system.gateways.slice(-1), 'GATEWAY', system.startGateway)
      t.strictSame(await said(before.accessToken), every('TOKEN_STALE'))
      t.strictSame(await said(body.accessToken), every('200'))
      const restarted = await clients.at(-1)?.call('/direct', { token: body.accessToken })
      t.equal(restarted?.text, user.id, 'the service fetches the new key of the gateway')
    })

    t.test('tokens of a disabled user are refused', async (t) => {
      const { accessToken } = await login()
      t.equal((await ops(['users', 'disable', user.id, '--yes'])).code, 0)
      t.strictSame(await eachSays(accessToken, 'SESSION_ENDED'), every('SESSION_ENDED'))
    })
  })

  t.test('programs and services that use the packages notice no change of keys', async (t) => {
    for (const { answers, stop } of programs) {
      const before = answers.length
      await eventually(
        async () => answers.length,
        (now) => now > before + 2
      )
      await stop()
      t.strictSame([...new Set(answers)], ['200'], `${answers.length} calls`)
    }
  })
})
