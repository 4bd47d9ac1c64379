import { fakeProvider } from '@gatehouse/fixtures/fake-provider'
import t from 'tap'
import { authWithProviders, begin } from '../fixtures/providers/provider-login.ts'

const METADATA = '/.well-known/openid-configuration'

t.test('metadata that cannot be read for a while remain in use, for a day', async (t) => {
  const provider = await fakeProvider(t)
  const auth = await authWithProviders(t, [{ id: 'acme', issuer: provider.issuer }])
  const reads = () => provider.asked.filter((path) => path === METADATA).length
  const goes = async () => (await begin(auth, 'acme')).location
  const toProvider = (location: string) => t.ok(location.startsWith(provider.issuer), location)
  const attempted = async (number: number) => {
    while (reads() < number) await new Promise((resolve) => setImmediate(resolve))
  }

  toProvider(await goes())
  provider.behave({ paths: { [METADATA]: (response) => response.writeHead(503).end() } })
  toProvider(await goes())
  t.equal(reads(), 1, 'for an hour, they are not read again')
  auth.clock.advance(3_600_000)
  toProvider(await goes())
  await attempted(2)
  for (let login = 0; login < 3; login += 1) toProvider(await goes())
  t.equal(reads(), 2, 'one attempt')
  // A minute after the failure, which is noted when the response has arrived.
  while (reads() < 3) {
    auth.clock.advance(60_000)
    toProvider(await goes())
  }
  auth.clock.advance(86_400_000)
  t.match(await goes(), '#error=unavailable', 'not after a day')
  provider.behave({})
  toProvider(await goes())
})
