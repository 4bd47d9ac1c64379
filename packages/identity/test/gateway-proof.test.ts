import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mock } from 'node:test'
import { ASSERTION_ALGORITHM, ASSERTION_TYPE } from '@gatehouse/edge-headers/assertion'
import { GATEWAY_PROOF_TYPE, gatewayProofClaims } from '@gatehouse/edge-headers/gateway-proof'
import { testClock } from '@gatehouse/fixtures/clock'
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import t from 'tap'
import { gatewayProofs } from '../src/gateway-proof.ts'

const { publicKey, privateKey } = await generateKeyPair(ASSERTION_ALGORITHM)
const other = await generateKeyPair(ASSERTION_ALGORITHM)
const kid = 'one'
const keySet = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: ASSERTION_ALGORITHM }] }

const clock = testClock()
const now = clock() / 1000
const service = 'auth'
const good = gatewayProofClaims(service, now, now + 60)
const signed = (claims: object = good, typ = GATEWAY_PROOF_TYPE, key = privateKey) =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg: ASSERTION_ALGORITHM, typ, kid }).sign(key)

t.test('a gateway’s proof is accepted for a minute', async (t) => {
  const clock = testClock()
  const proves = gatewayProofs({ gatewayKeys: keySet, service, clock })
  const proof = await signed()
  t.ok(await proves(proof))
  clock.advance(59_999)
  t.ok(await proves(proof))
  clock.advance(5001)
  t.notOk(await proves(proof), 'one that was remembered too')
})

t.test('any other proof is refused with its reason', async (t) => {
  const flaws: string[] = []
  const onFlaw = (flaw: string) => flaws.push(flaw)
  const proves = gatewayProofs({ gatewayKeys: keySet, service, clock, onFlaw })
  t.ok(await proves(await signed()))
  const { exp, iat, ...endless } = good
  const others = {
    'no JWT': 'gateway',
    nothing: '',
    'another key': await signed(good, GATEWAY_PROOF_TYPE, other.privateKey),
    'an unsigned one': new UnsecuredJWT({ ...good }).encode(),
    'an assertion': await signed({ ...good, aud: 'auth', sub: 'user' }, ASSERTION_TYPE),
    'an assertion for its audience': await signed(good, ASSERTION_TYPE),
    'one for another service': await signed(gatewayProofClaims('billing', now, now + 60)),
    'one for no service': await signed({ ...good, aud: [] }),
    'one without an audience': await signed({ ...good, aud: undefined }),
    'another audience': await signed({ ...good, aud: 'billing' }),
    'another issuer': await signed({ ...good, iss: 'https://issuer.example' }),
    'an expired one': await signed({ ...good, exp: now - 6 }),
    'one that never ends': await signed({ ...endless, iat }),
    'one without a beginning': await signed({ ...endless, exp }),
    two: `${await signed()}, ${await signed()}`
  }
  t.strictSame(flaws, [])
  const flawOf: Record<string, string> = {
    'one for another service': 'other-service',
    'one for no service': 'other-service',
    'another audience': 'other-service',
    'an expired one': 'expired'
  }
  for (const [title, proof] of Object.entries(others)) {
    t.notOk(await proves(proof), title)
    t.equal(flaws.pop(), flawOf[title] ?? 'invalid', title)
  }
  const unknown = new SignJWT({ ...good })
    .setProtectedHeader({ alg: ASSERTION_ALGORITHM, typ: GATEWAY_PROOF_TYPE, kid: 'two' })
    .sign(other.privateKey)
  t.notOk(await proves(await unknown))
  t.strictSame(flaws, ['unknown-key'])
})

t.test("gateways and auth services of two versions accept each other's proofs", async (t) => {
  const proves = gatewayProofs({ gatewayKeys: keySet, service, clock })
  const earlier = { ...good, aud: 'gatehouse-credentials' }
  t.ok(await proves(await signed(earlier)), 'a gateway of an earlier version')
  const { aud } = decodeJwt(await signed())
  t.ok([aud].flat().includes('gatehouse-credentials'), 'an earlier auth service')
})

t.test('while the keys are unavailable, no proof is accepted, and no request waits', async (t) => {
  let asked = 0
  let broken = true
  const server = createServer((_request, response) => {
    asked += 1
    response.writeHead(broken ? 500 : 200).end(JSON.stringify(keySet))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  mock.timers.enable({ apis: ['Date'], now: clock() })
  t.teardown(() => mock.timers.reset())
  const gatewayKeys = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const flaws: string[] = []
  const onFlaw = (flaw: string) => flaws.push(flaw)
  const proves = gatewayProofs({ gatewayKeys, service, clock: Date.now, onFlaw })
  const proof = await signed()
  t.notOk(await proves(proof))
  t.notOk(await proves(proof))
  t.strictSame(flaws, ['keys-unavailable', 'keys-unavailable'])
  t.equal(asked, 1)
  broken = false
  const nowMs = performance.now()
  t.intercept(performance, 'now', { value: () => nowMs + 1000 })
  t.ok(await proves(proof), 'they are asked for again')
})
