import type { Test } from 'tap'
import { notedClient, sharedStorage } from '../fixtures/noted-client.ts'
import type { Programs } from './programs.ts'

const HOUR_MS = 3_600_000

/** The storage of a refresh token, which several programs share. */
export async function storedTokens(t: Test, { baseUrl, someone }: Programs): Promise<void> {
  await t.test('a program that starts again continues its session', async (t) => {
    const { storage, session } = await someone()
    const { client, refreshes } = notedClient({ baseUrl, delivery: 'body', storage })
    const answers = await Promise.all([1, 2, 3].map(() => client.fetch('/orders')))
    t.strictSame(
      answers.map(({ status }) => status),
      [200, 200, 200]
    )
    t.equal(refreshes(), 1)
    t.strictSame(await client.session(), session)
  })

  await t.test('programs that share a storage do not end each other’s session', async (t) => {
    const { storage, client } = await someone()
    const others = [1, 2, 3].map(() => notedClient({ baseUrl, delivery: 'body', storage }))
    for (let round = 0; round < 3; round += 1) {
      for (const { pass } of others) pass(HOUR_MS)
      const calls = others.map((one) => one.client.fetch('/orders'))
      t.ok((await Promise.all(calls)).every(({ status }) => status === 200))
    }
    t.equal((await client.fetch('/orders')).status, 200)
  })

  await t.test('an access token is not used before its refresh token is stored', async (t) => {
    const { storage, client, paths, pass } = await someone()
    const { write } = storage
    storage.write = async () => {
      throw new Error('the keychain is locked')
    }
    pass(HOUR_MS)
    await t.rejects(client.fetch('/orders'), { message: 'the keychain is locked' })
    t.notOk(paths.includes('/orders'))
    storage.write = write
    t.equal((await client.fetch('/orders')).status, 200, 'the next call gets the same successor')
  })

  await t.test('a login, a refresh and a logout hold the lock of the storage', async (t) => {
    const { user } = await someone()
    const { storage, token } = sharedStorage()
    const locked: string[] = []
    const { client, paths, pass } = notedClient({
      baseUrl,
      delivery: 'body',
      storage: {
        ...storage,
        async lock(work) {
          const before = { calls: paths.length, token: token() }
          await work()
          locked.push(...paths.slice(before.calls))
          t.not(token(), before.token, 'the new refresh token is stored')
        }
      }
    })
    await client.login(user)
    pass(HOUR_MS)
    t.equal((await client.fetch('/orders')).status, 200)
    await client.logout()
    t.strictSame(locked, ['/auth/login', '/auth/refresh-token', '/auth/logout'])
  })
}
