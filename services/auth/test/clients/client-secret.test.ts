import t from 'tap'
import {
  clientSecretDigest,
  clientSecretExample,
  isOneOf,
  newClientSecret
} from '../../src/clients/client-secret.ts'

t.test('a secret has 256 random bits and a prefix that scanners find', async (t) => {
  const secrets = Array.from({ length: 1000 }, newClientSecret)
  t.equal(new Set(secrets).size, 1000)
  for (const secret of secrets) t.match(secret, /^ghs_[A-Za-z0-9_-]{43}$/)
})

t.test('a secret is recognised by its digest, whichever of them it is', async (t) => {
  const [first, second, other] = [newClientSecret(), newClientSecret(), newClientSecret()]
  const digests = [clientSecretDigest(first), clientSecretDigest(second)]
  t.equal(isOneOf(first, digests), true)
  t.equal(isOneOf(second, digests), true)
  t.equal(isOneOf(other, digests), false)
  t.equal(isOneOf(first, []), false)
  t.equal(isOneOf(digests[0] ?? '', digests), false, 'a digest is not accepted as the secret')
  t.equal(isOneOf(`${first} `, digests), false)
  t.equal(isOneOf('', digests), false)
})

t.test('the example of the API has the form of a secret', async (t) => {
  t.equal(isOneOf(clientSecretExample, [clientSecretDigest(clientSecretExample)]), true)
})
