import { join } from 'node:path'
import { eventually } from '@gatehouse/fixtures/client'
import { testClock } from '@gatehouse/fixtures/clock'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t, { type Test } from 'tap'
import { openSigningKeys } from '../../../src/keys/signing-keys.ts'
import { signatureChecks } from '../../../src/signatures/signature-checks.ts'
import { accessTokenVerifier } from '../../../src/tokens/access-token-verifier.ts'
import { ownProfile } from '../../../src/tokens/checks/own-profile.ts'
import { ownTokenFlaws } from '../../../src/tokens/checks/own-token-flaws.ts'
import { trustedIssuers } from '../../../src/tokens/checks/trusted-issuers.ts'
import {
  AUDIENCE,
  goodClaims,
  headerOf,
  ISSUER,
  issuer,
  jwt,
  newKey
} from '../../fixtures/issuer.ts'

const PAUSE_MS = 1000

/** A gateway's verifier, and its reports about tokens of its own auth service. */
async function verifying(t: Test) {
  const key = newKey()
  const { url } = await issuer(t, [key])
  const clock = testClock()
  const file = join(dataFolder(t), 'jwks.json')
  const keys = await openSigningKeys({
    url,
    form: 'own',
    file,
    onFault: () => {},
    clock,
    monotonicClock: clock
  })
  t.teardown(() => keys.close())
  const flaws: unknown[] = []
  const checkSignature = signatureChecks()
  const { verify } = accessTokenVerifier({
    checkSignature,
    clock,
    rememberedBytes: 65_536,
    noteSighting: () => {},
    noteFlaw: ownTokenFlaws({
      keys,
      checkSignature,
      monotonicClock: clock,
      onFlaw: (flaw, claims) => flaws.push({ flaw, ...claims })
    }),
    issuers: trustedIssuers([{ profile: ownProfile({ issuer: ISSUER, audience: AUDIENCE }), keys }])
  })
  const refuse = async (claims: object, by = key) => {
    const token = jwt({ ...headerOf(key) }, { ...goodClaims(clock()), ...claims }, by)
    await t.rejects(async () => verify(token), { code: 'UNAUTHENTICATED' })
    clock.advance(PAUSE_MS)
  }
  const tellings = (count: number) =>
    eventually(
      async () => flaws,
      ({ length }) => length >= count
    )
  return { refuse, flaws, tellings }
}

t.test(
  'a gateway notices tokens that our own auth service signed for other settings',
  async (t) => {
    const { refuse, flaws, tellings } = await verifying(t)
    await refuse({ iss: 'https://stranger.example' }, newKey())
    await refuse({ iss: 'https://other.example' })
    t.strictSame(await tellings(1), [
      {
        flaw: 'the issuer of the token is not accepted',
        iss: 'https://other.example',
        aud: AUDIENCE
      }
    ])
    await refuse({ iss: 'https://again.example' })
    await refuse({ aud: 'elsewhere' })
    t.match(await tellings(2), [{}, { iss: ISSUER, aud: 'elsewhere' }])
    t.equal(flaws.length, 2, 'each flaw once, and nothing that a stranger signed')
  }
)
