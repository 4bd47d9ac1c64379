import t from 'tap'
import type { ClientRegistration } from '../../src/clients/client-operations.ts'
import { clientStore } from '../../src/clients/client-store.ts'
import { authService } from '../fixtures/auth-service.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { source } from '../fixtures/families/family-steps.ts'
import { clientKey, clientWithSecret, operator, postForm } from '../fixtures/oauth/oauth-client.ts'

const grant = { grant_type: 'client_credentials' }
const good: ClientRegistration = {
  name: 'billing',
  scope: ['orders:read'],
  authenticationMethod: 'client_secret_basic'
}

for (const kind of databaseKinds) {
  t.test(
    `${kind.name}: a client is created with a secret that is shown once and not stored`,
    { skip: kind.skip },
    async (t) => {
      const auth = await authService(t, { database: await (await kind.make(t)).open() })
      const { client, secret } = await operator(auth).create(
        { ...good, scope: ['a', 'b', 'a'] },
        source
      )

      t.match(client, {
        id: /^[0-9a-f-]{36}$/,
        name: 'billing',
        scope: ['a', 'b'],
        disabled: false
      })
      t.equal(client.createdAt, auth.clock() / 1000)
      t.match(secret, { secretId: 1, secret: /^ghs_[\w-]{43}$/ })
      t.strictSame(await operator(auth).list(), [client])
      const kept = JSON.stringify(
        await auth.database.selectFrom('client_secrets').selectAll().execute()
      )
      t.notMatch(kept, secret?.secret.slice(4) ?? '', 'only its digest')
    }
  )

  t.test(
    `${kind.name}: two secrets are valid, and a third one retires the oldest`,
    { skip: kind.skip },
    async (t) => {
      const auth = await authService(t, { database: await (await kind.make(t)).open() })
      const first = await clientWithSecret(auth, 'client_secret_post')
      const works = async (secret: string | undefined) => {
        const form = { ...grant, client_id: first.id, client_secret: secret ?? '' }
        return (await postForm(auth, '/oauth/token', form)).statusCode === 200
      }
      const second = await operator(auth).addSecret(first.id, source)
      t.equal(second?.secretId, 2)
      t.strictSame([await works(first.secret), await works(second?.secret)], [true, true])

      const third = await operator(auth).addSecret(first.id, source)
      t.strictSame(
        [await works(first.secret), await works(second?.secret), await works(third?.secret)],
        [false, true, true]
      )
    }
  )

  t.test(
    `${kind.name}: of ten secrets that are added at once, two are valid`,
    { skip: kind.skip },
    async (t) => {
      const auth = await authService(t, { database: await (await kind.make(t)).open() })
      const { id } = await clientWithSecret(auth)
      const added = await Promise.all(
        Array.from({ length: 10 }, () => operator(auth).addSecret(id, source))
      )
      const ids = added.map((one) => one?.secretId ?? 0).sort((a, b) => a - b)
      t.strictSame(ids, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
      t.equal((await clientStore(auth.database).validSecrets(id)).length, 2)
    }
  )

  t.test(
    `${kind.name}: a disabled client gets no token until it is enabled again`,
    { skip: kind.skip },
    async (t) => {
      const auth = await authService(t, { database: await (await kind.make(t)).open() })
      const { id, authorized } = await clientWithSecret(auth)
      const status = async () =>
        (await postForm(auth, '/oauth/token', grant, authorized)).statusCode
      t.equal(await status(), 200)
      t.equal(await operator(auth).disable(id, source), true)
      t.equal(await status(), 401)
      t.match(await operator(auth).list(), [{ id, disabled: true }])
      t.equal(await operator(auth).enable(id, source), true)
      t.equal(await status(), 200)
    }
  )

  t.test(
    `${kind.name}: operations on an unknown client report it`,
    { skip: kind.skip },
    async (t) => {
      const auth = await authService(t, { database: await (await kind.make(t)).open() })
      t.equal(await operator(auth).disable('nobody', source), false)
      t.equal(await operator(auth).enable('nobody', source), false)
      t.equal(await operator(auth).addSecret('nobody', source), null)
    }
  )

  t.test(
    `${kind.name}: a client with keys has no secret, and gets none`,
    { skip: kind.skip },
    async (t) => {
      const auth = await authService(t, { database: await (await kind.make(t)).open() })
      const jwks = { keys: [clientKey().jwk] }
      const { client, secret } = await operator(auth).create(
        {
          ...good,
          authenticationMethod: 'private_key_jwt',
          jwks
        },
        source
      )
      t.equal(secret, null)
      t.match(client.keys, [{ kty: 'EC', crv: 'P-256', alg: 'ES256' }])
      await t.rejects(operator(auth).addSecret(client.id, source), {
        name: 'Refusal',
        code: 'INVALID_REQUEST'
      })
    }
  )

  t.test(
    `${kind.name}: an invalid registration is refused with the reason`,
    { skip: kind.skip },
    async (t) => {
      const auth = await authService(t, { database: await (await kind.make(t)).open() })
      const keys = { authenticationMethod: 'private_key_jwt' } as const
      const bad: Record<string, [Partial<ClientRegistration>, RegExp]> = {
        'no name': [{ name: ' ' }, /name/],
        'a long name': [{ name: 'x'.repeat(101) }, /name/],
        'a name with a control in it': [{ name: 'a\u0007b' }, /name/],
        'a scope with a space': [{ scope: ['a b'] }, /scope/],
        'an empty scope': [{ scope: [''] }, /scope/],
        'a scope with a quotation mark': [{ scope: ['a"'] }, /scope/],
        'a scope over the budget': [{ scope: ['x'.repeat(1025)] }, /scope/],
        'another method': [{ authenticationMethod: 'none' as 'client_secret_post' }, /Method/],
        'keys and a secret': [{ jwks: { keys: [clientKey().jwk] } }, /jwks/],
        'no keys': [keys, /jwks/]
      }
      for (const [title, [change, words]] of Object.entries(bad)) {
        await t.rejects(
          operator(auth).create({ ...good, ...change }, source),
          { name: 'Refusal', message: words },
          title
        )
      }
      t.strictSame(await operator(auth).list(), [], 'nothing is made')
    }
  )
}
