import { readdirSync } from 'node:fs'
import { client, eventually } from '@gatehouse/fixtures/client'
import { kidOf } from '@gatehouse/fixtures/gateway-fleet'
import { installation } from '@gatehouse/fixtures/installation'
import { operator } from '@gatehouse/fixtures/operator'
import { asked, postgresMissing } from '@gatehouse/fixtures/postgres-server'
import { redisMissing } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import { read, root } from '../rules/fixtures/source-files.ts'
import { inhabited, runbook } from './fixtures/runbook.ts'

const skip = redisMissing || postgresMissing
const password = 'correct horse battery'
const PATIENCE_MS = 20_000

const both = (word: string) => [word, word]

t.test('the index names every page', async (t) => {
  const index = read('docs/runbooks/README.md')
  const pages = readdirSync(`${root}/docs/runbooks`).filter((name) => name !== 'README.md')
  for (const page of pages) t.match(index, `(${page})`)
  t.equal([...index.matchAll(/\]\([a-z-]+\.md\)/g)].length, pages.length)
})

type MadeClient = { client: { id: string }; secret: { secret: string } }

t.test('the commands of the runbooks work on one installation', { skip }, async (t) => {
  const system = await installation(t, { auths: 1, gateways: 2 })

  t.test('the commands of the runbook for a planned rotation work', async (t) => {
    const { folder, API, tokens, allSay } = await inhabited(system)
    const { next, isOver } = await runbook(t, 'planned-rotation', folder)
    t.match(await next(), /2 gateways/)
    t.match(await next(), /active/)
    t.match(await next(), /retiring/)
    t.match(await next({ API }), /None of \d+ requests/)
    t.strictSame(
      await allSay(tokens.accessToken, '200'),
      both('200'),
      'the user is still signed in'
    )
    t.ok(isOver(), 'every block of the page was run')
  })

  t.test('the commands of the runbook for a leaked signing key work', async (t) => {
    const { folder, API, tokens, allSay, api, email } = await inhabited(system)
    const { next, isOver } = await runbook(t, 'leaked-signing-key', folder)
    const KID = kidOf(tokens.accessToken)
    await next({ KID })
    t.strictSame(await allSay(tokens.accessToken, 'TOKEN_STALE'), both('TOKEN_STALE'))
    const second = (await api.refresh(tokens.refreshToken)).body
    t.strictSame(await allSay(second.accessToken, '200'), both('200'), 'clients refresh')
    await next()
    t.strictSame(await allSay(second.accessToken, 'TOKEN_STALE'), both('TOKEN_STALE'))
    t.match(await next(), /key-revoked/)
    t.match(await next({ API }), /p99/)
    const third = (await api.login(email, password)).body
    t.strictSame(await allSay(third.accessToken, '200'), both('200'), 'everyone can sign in')
    t.ok(isOver(), 'every block of the page was run')
  })

  t.test('the commands of the runbook for a leaked client secret work', async (t) => {
    const { folder, auths, allSay } = await inhabited(system)
    const { next, isOver } = await runbook(t, 'leaked-client-secret', folder)
    const ops = operator(folder)
    const create = ['clients', 'create', '--name', 'billing', '--scope', 'orders:read', '--json']
    const made = (await ops(create)).json as MadeClient
    const CLIENT = made.client.id
    const token = async (secret: string) => {
      const answer = await fetch(`${auths[0]?.url}/oauth/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${CLIENT}:${secret}`).toString('base64')}`
        },
        body: new URLSearchParams({ grant_type: 'client_credentials' })
      })
      return (await answer.json()) as { access_token?: string; error?: string }
    }
    const leaked = made.secret.secret
    const { access_token: held = '' } = await token(leaked)
    t.strictSame(await allSay(held, '200'), both('200'))
    await next({ CLIENT })
    t.strictSame(await allSay(held, 'TOKEN_STALE'), both('TOKEN_STALE'))
    const told = await next({ CLIENT })
    const fresh = [...told.matchAll(/not shown again: (\S+)/g)].at(-1)?.[1] ?? ''
    t.match(await token(leaked), { error: 'invalid_client' })
    const { access_token: renewed = '' } = await token(fresh)
    t.strictSame(await allSay(renewed, '200'), both('200'))
    t.match(await next(), /client-secret-added/)
    t.ok(isOver(), 'every block of the page was run')
  })

  t.test('the first commands of the other runbooks show the state of the system', async (t) => {
    const { folder, api, email } = await inhabited(system)
    const down = await runbook(t, 'process-down', folder)
    t.match(await down.next(), /2 gateways/)
    const fails = await runbook(t, 'service-fails', folder)
    t.match(await fails.next(), /orders/)
    await api.login(email, 'the wrong horse')
    const overload = await runbook(t, 'overload', folder)
    t.match(await overload.next(), /login-failed/)
    const noKeySet = await runbook(t, 'no-key-set', folder)
    t.match(await noKeySet.next(), /active.*2 gateways/s)
    const stores = await runbook(t, 'stores-fail', folder)
    t.match(await stores.next(), /0001-/)
    const passwords = await runbook(t, 'passwords', folder)
    t.match(await passwords.next(), /login-failed/)
    for (const { isOver } of [down, fails, overload, noKeySet, stores, passwords]) t.ok(isOver())
  })

  t.test('the commands of the runbook for a stolen session work', async (t) => {
    const { folder, api, email, user, tokens, allSay } = await inhabited(system)
    const { next, isOver } = await runbook(t, 'stolen-session', folder)
    const other = (await api.login(email, password)).body
    const stolen = (await api.login(email, password)).body
    const second = (await api.refresh(stolen.refreshToken)).body
    await api.refresh(second.refreshToken)
    t.equal((await api.refresh(stolen.refreshToken)).status, 401)
    t.match(await next(), new RegExp(`refresh-reused +${user.id} +${stolen.session.id}`))
    t.match(await next({ ACCOUNT: email }), tokens.session.id)
    await next({ SID: tokens.session.id })
    t.strictSame(await allSay(tokens.accessToken, 'SESSION_ENDED'), both('SESSION_ENDED'))
    t.strictSame(await allSay(other.accessToken, '200'), both('200'))
    await next({ ACCOUNT: user.id })
    t.strictSame(await allSay(other.accessToken, 'SESSION_ENDED'), both('SESSION_ENDED'))
    t.match(await next({ ACCOUNT: email }), /disabled/)
    t.equal((await api.login(email, password)).status, 200, 'the owner is back')
    t.ok(isOver(), 'every block of the page was run')
  })

  t.test('the commands of the runbook for a lost Redis work', async (t) => {
    const { folder, api, redis, API, email, tokens, allSay, startGateway } = await inhabited(system)
    const { next, isOver } = await runbook(t, 'redis-lost', folder)
    const out = (await api.login(email, password)).body
    t.strictSame(await allSay(tokens.accessToken, '200'), both('200'))
    await redis.kill()
    t.equal((await api.refresh(tokens.refreshToken)).status, 503)
    t.strictSame(await allSay(tokens.accessToken, '200'), both('200'))
    await redis.start()
    const back = await eventually(
      () => api.refresh(tokens.refreshToken),
      ({ status }) => status === 200,
      PATIENCE_MS
    )
    await api.logout(out.refreshToken)
    t.match(await next({ API }), /p99/)

    await redis.redis.flushall()
    const late = client((await startGateway()).url)
    const saysLate = async () => (await late.call('/orders', { token: out.accessToken })).body.code
    t.equal((await api.refresh(out.refreshToken)).status, 401, 'an ended session stays ended')
    const restored = await api.refresh(back.body.refreshToken)
    t.equal(restored.status, 200, 'and no user is signed out')
    t.strictSame(await allSay(restored.body.accessToken, '200'), both('200'))
    t.match(await next(), /refresh-restored/)
    t.match(await next({ API }), /was detected/)
    const ended = await eventually(saysLate, (code) => code === 'SESSION_ENDED', PATIENCE_MS)
    t.equal(ended, 'SESSION_ENDED', 'gateways that start from now on hear of ends as well')
    t.ok(isOver(), 'every block of the page was run')
  })

  t.test('the commands of the runbook for a restored database work', async (t) => {
    const { folder, api, database, auths, startAuth, API, email, tokens, allSay, user } =
      await inhabited(system)
    const { next, isOver } = await runbook(t, 'database-restored', folder)
    const [first] = auths
    const AUTH_PORT = new URL(first?.url ?? '').port
    const server = database.replace(/\/[^/]+$/, '/postgres')
    const name = database.split('/').at(-1)
    await first?.stop()
    await asked(server, `create database backup template ${name}`)
    const between = await startAuth({ AUTH_PORT })
    const KID = kidOf(tokens.accessToken)
    const ops = operator(folder)
    t.equal((await ops(['keys', 'revoke', KID, '--yes'])).code, 0)
    t.equal((await ops(['users', 'disable', user.id, '--yes'])).code, 0)
    const late = await api.register('late@example.com', password)
    t.equal(late.status, 201)
    const theirs = (await api.login('late@example.com', password)).body
    await between.stop()
    await asked(server, `drop database ${name}`)
    await asked(server, `create database ${name} template backup`)
    await startAuth({ AUTH_PORT })

    t.match(await next({ KID }), /revoked/)
    await next()
    t.strictSame(await allSay(tokens.accessToken, 'TOKEN_STALE'), both('TOKEN_STALE'))
    t.match(await next({ ACCOUNT: email }), /disabled/)
    t.match(await next(), /^\d+ sessions? ended, opened before 2/)
    t.match(await next({ ACCOUNT: email }), /^0 sessions ended/)
    await next()
    await next()
    t.equal((await api.refresh(theirs.refreshToken)).status, 401, 'the session has ended')
    t.match(await next({ API }), /was detected/)
    t.equal((await api.login(email, password)).status, 401)
    t.equal((await api.register('late@example.com', password)).status, 201)
    const again = (await api.login('late@example.com', password)).body
    t.strictSame(await allSay(again.accessToken, '200'), both('200'))
    t.ok(isOver(), 'every block of the page was run')
  })
})
