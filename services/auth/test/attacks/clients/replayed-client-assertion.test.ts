import t from 'tap'
import { usedAssertions } from '../../../src/clients/used-assertions.ts'
import { audited, authService } from '../../fixtures/auth-service.ts'
import { databaseKinds } from '../../fixtures/database/databases.ts'
import {
  asserted,
  assertion,
  clientKey,
  clientWithKeys,
  postForm
} from '../../fixtures/oauth/oauth-client.ts'
import { isOAuthError } from '../../fixtures/oauth/oauth-error.ts'

const grant = { grant_type: 'client_credentials' }

for (const kind of databaseKinds) {
  t.test(
    `${kind.name}: an intercepted assertion cannot be replayed`,
    { skip: kind.skip },
    async (t) => {
      const auth = await authService(t, { database: await (await kind.make(t)).open() })
      const key = clientKey()
      const id = await clientWithKeys(auth, [key], ['introspect'])
      const form = { ...grant, token: 'x', ...asserted(await assertion(auth, id, key)) }
      t.equal((await postForm(auth, '/oauth/token', form)).statusCode, 200)
      for (const path of ['/oauth/token', '/oauth/revoke', '/oauth/introspect']) {
        isOAuthError(t, await postForm(auth, path, form), 401, 'invalid_client', path)
      }
      auth.clock.advance(59_000)
      isOAuthError(
        t,
        await postForm(auth, '/oauth/token', form),
        401,
        'invalid_client',
        'to its end'
      )
      auth.clock.advance(600_000)
      isOAuthError(
        t,
        await postForm(auth, '/oauth/token', form),
        401,
        'invalid_client',
        'and after'
      )
      t.match((await audited(auth)).at(-1), { kind: 'client-authentication-failed', subject: id })
    }
  )

  t.test(
    `${kind.name}: of fifty simultaneous uses, one is the first`,
    { skip: kind.skip },
    async (t) => {
      const auth = await authService(t, { database: await (await kind.make(t)).open() })
      const key = clientKey()
      const id = await clientWithKeys(auth, [key])
      const form = { ...grant, ...asserted(await assertion(auth, id, key)) }
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => postForm(auth, '/oauth/token', form))
      )
      const statuses = answers.map(({ statusCode }) => statusCode)
      t.strictSame(statuses.sort(), [200, ...Array.from({ length: 49 }, () => 401)])
    }
  )

  t.test(
    `${kind.name}: the same id is another assertion for another client`,
    { skip: kind.skip },
    async (t) => {
      const auth = await authService(t, { database: await (await kind.make(t)).open() })
      const key = clientKey()
      for (const _ of [1, 2]) {
        const id = await clientWithKeys(auth, [key])
        const form = { ...grant, ...asserted(await assertion(auth, id, key, { jti: 'one' })) }
        t.equal((await postForm(auth, '/oauth/token', form)).statusCode, 200)
      }
    }
  )

  t.test(
    `${kind.name}: an assertion that was refused is not used up`,
    { skip: kind.skip },
    async (t) => {
      const auth = await authService(t, { database: await (await kind.make(t)).open() })
      const [key, other] = [clientKey(), clientKey()]
      const id = await clientWithKeys(auth, [key])
      const ask = async (by: typeof key) => {
        const jwt = await assertion(auth, id, by, { jti: 'one' })
        return (await postForm(auth, '/oauth/token', { ...grant, ...asserted(jwt) })).statusCode
      }
      t.equal(await ask(other), 401, 'a stranger guesses the id')
      t.equal(await ask(key), 200)
    }
  )

  t.test(
    `${kind.name}: used assertions are remembered across instances and restarts until they expire`,
    { skip: kind.skip },
    async (t) => {
      const kept = await kind.make(t)
      const open = async () => {
        const database = await kept.open()
        return { database, used: usedAssertions(database) }
      }
      const [one, two] = [await open(), await open()]
      t.equal(await one.used.firstUse('client', 'jti', 1000, 900), true)
      t.equal(await two.used.firstUse('client', 'jti', 1000, 900), false)
      const three = await open()
      t.equal(
        await three.used.firstUse('client', 'jti', 1000, 1059),
        false,
        'by a clock a minute off'
      )
      t.equal(await three.used.firstUse('client', 'other', 2000, 1060), true)
      const rows = await one.database.selectFrom('used_client_assertions').selectAll().execute()
      t.equal(rows.length, 1, 'the first one is gone')
    }
  )
}
