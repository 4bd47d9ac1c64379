import { isUtf8 } from 'node:buffer'
import { inputs } from '@gatehouse/fixtures/generated'
import { type Generator, generator, mutated } from '@gatehouse/fixtures/generator'
import t from 'tap'
import { type ReadToken, readAccessToken } from '../../src/tokens/checks/access-token-profile.ts'
import { ownProfile } from '../../src/tokens/checks/own-profile.ts'
import { AUDIENCE, goodClaims, headerOf, ISSUER, jwt, newKey } from '../fixtures/issuer.ts'
import { plainJson } from './fixtures/plain-json.ts'

const INPUTS = inputs(500_000)

const key = newKey('ES256', 'one')
const header = JSON.stringify(headerOf(key))
const claims = JSON.stringify(goodClaims(1_800_000_000_000))
const [, , signature = ''] = jwt(headerOf(key), {}, key).split('.')
const own = ownProfile({ issuer: ISSUER, audience: AUDIENCE })

const jsonPieces = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  ' ',
  '\n',
  '\ufeff',
  '\\u0000',
  '\\u0061',
  'null',
  '1e400',
  '-1',
  '0.5',
  '"alg":"none",',
  '"crit":["b64"],',
  '"jku":"https://evil",',
  '"exp":1,',
  '"sub":"evil",',
  '"__proto__":{},',
  '[[[[[[[[[',
  '"iss":"https://evil",',
  '"kid":"two",',
  '\xff',
  '\xc0\xae',
  '9'
]
const spellings = ['=', 'A', '+', '/', ' ', '.', '-', '_', '\n', '\0', 'é']

/** A valid token with a few random changes. */
function token(random: Generator): string {
  const change = (text: string) => {
    let changed = text
    for (let left = random.below(3); left > 0; left -= 1)
      changed = mutated(changed, random, jsonPieces)
    return Buffer.from(changed, 'latin1').toString('base64url')
  }
  const whole = `${change(header)}.${change(claims)}.${signature}`
  return random.below(4) === 0 ? mutated(whole, random, spellings) : whole
}

/** The reason why this accepted token should have been refused; null if there is none. */
function flawOf(text: string, read: ReadToken): string | null {
  const parts = text.split('.')
  const bytes = parts.map((part) => Buffer.from(part, 'base64url'))
  if (parts.length !== 3) return 'not three parts'
  if (!bytes.every((part, index) => part.toString('base64url') === parts[index]))
    return 'spelt twice'
  if (!bytes.slice(0, 2).every((part) => isUtf8(part))) return 'not UTF-8'
  const [head, said] = bytes.slice(0, 2).map((part) => plainJson(part.toString()))
  if (head === undefined || said === undefined) return 'no JSON'
  const { alg, kid, typ, ...more } = head
  if (typ !== 'at+jwt' || alg !== read.algorithm || kid !== read.kid) return 'another header'
  if (Object.keys(more).length > 0) return 'more in the header'
  if (said.iss !== ISSUER || ![said.aud].flat().includes(AUDIENCE)) return 'not for us'
  const { identity, issuedAt, notBefore } = read.claims
  const same =
    identity.subject === said.sub &&
    identity.expiresAt === said.exp &&
    identity.session === (said.sid ?? null) &&
    identity.client === said.client_id &&
    identity.email === (said.email ?? null) &&
    identity.scope.join(' ') === said.scope &&
    JSON.stringify(identity.roles) === JSON.stringify(said.roles) &&
    issuedAt === said.iat &&
    notBefore === Math.max(Number(said.nbf), Number(said.iat))
  return same && [said.exp, said.iat, said.nbf].every(Number.isSafeInteger)
    ? null
    : 'another meaning'
}

t.test('a changed token is refused, or still has its own claims', async (t) => {
  const random = generator()
  let accepted = 0
  let wrong: string | null = null
  for (let index = 0; index < INPUTS && wrong === null; index += 1) {
    const text = token(random)
    try {
      const read = readAccessToken(text, (issuer) => (issuer === ISSUER ? own : undefined))
      if ('flaw' in read) continue
      accepted += 1
      const flaw = flawOf(text, read)
      if (flaw !== null) wrong = `${flaw}: ${text}`
    } catch (error) {
      wrong = `${error}: ${text}`
    }
  }
  t.equal(wrong, null, `FUZZ_SEED=${random.seed}`)
  t.ok(accepted > INPUTS / 50, `${accepted} of ${INPUTS} were accepted`)
})
