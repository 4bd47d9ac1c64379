import { OWN_LONGEST_TOKEN } from '@gatehouse/access-token/own-form'
import { IDENTITY_BUDGET_BYTES } from '@gatehouse/edge-headers/identity-budget'
import { decodeJwt } from 'jose'
import t from 'tap'
import { authService, login, OPS_TOKEN, signedIn } from '../../fixtures/auth-service.ts'
import { ACCESS_TOKEN, assertionOf, exchange, serviceThat } from '../../fixtures/oauth/exchange.ts'

/** The limit of Node.js for the headers of a request, also in services. */
const SERVICE_HEADER_BYTES = 16 * 1024
/** Names in tokens with 512 characters together, the maximum of the template. */
const NAMES = ['a', 'b', 'c', 'd'].map((letter) => `https://example.com/${letter.repeat(108)}`)
const CLAIMS = ['one', 'two', 'three', 'four']
const TEMPLATE = CLAIMS.map((claim, index) => `${claim}:${NAMES[index]}`).join(' ')
/** JSON writes each of these quotation marks as two bytes. */
const VALUE = '"'.repeat(120)
const LONGEST_AUDIENCE = 255
const audience = (letter: string): string => letter.repeat(LONGEST_AUDIENCE)

t.test(
  'the largest token of a user fits gateways and services, even after four exchanges',
  async (t) => {
    const auth = await authService(t, { tokenClaims: TEMPLATE })
    const email = `${'e'.repeat(64)}@${'d'.repeat(60)}.${'d'.repeat(60)}.example`
    const { user } = await signedIn(auth, email)
    const put = async (member: string, value: unknown) => {
      const { statusCode } = await auth.ops.inject({
        method: 'PUT',
        url: `/ops/users/${user.id}/${member}`,
        headers: { authorization: `Bearer ${OPS_TOKEN}` },
        payload: { [member]: value }
      })
      return statusCode
    }
    const claims = Object.fromEntries(CLAIMS.map((claim) => [claim, VALUE]))
    t.equal(await put('claims', claims), 200)
    t.equal(await put('claims', { ...claims, one: VALUE.repeat(2) }), 400, 'no larger claims')
    const roles: string[] = []
    while (roles.length < 64 && (await put('roles', [...roles, role(roles.length)])) === 200) {
      roles.push(role(roles.length))
    }
    t.ok(roles.length > 20, `${roles.length} roles of 64 characters`)

    let token = (await login(auth, email)).accessToken
    const sizes = [token.length]
    for (const letter of 'opqr') {
      const own = audience(letter)
      const next = audience(String.fromCharCode(letter.charCodeAt(0) + 1))
      const service = await serviceThat(auth, { receives: [own], calls: [next], roles })
      const isFirst = sizes.length === 1
      const subject = isFirst
        ? { subject_token: await assertionOf(auth, token, own) }
        : { subject_token: token, subject_token_type: ACCESS_TOKEN }
      const answer = await exchange(auth, service, { ...subject, audience: next })
      t.equal(answer.statusCode, 200, answer.body)
      token = answer.json().access_token
      sizes.push(token.length)
    }
    t.match(decodeJwt(token), { roles, act: { act: { act: { act: { sub: /./ } } } } })
    t.comment(`${sizes} characters`)
    t.ok(Math.max(...sizes) <= OWN_LONGEST_TOKEN, 'gateways read it')

    const named = Object.fromEntries(NAMES.map((name) => [name, VALUE]))
    const assertion = await assertionOf(auth, token, audience('s'), { claims: named })
    const headers = IDENTITY_BUDGET_BYTES + assertion.length
    t.comment(`an assertion of ${assertion.length} characters`)
    t.ok(headers < SERVICE_HEADER_BYTES - 2048, `${headers} bytes of headers from the gateway`)
  }
)

const role = (index: number): string => `${index}-`.padEnd(64, 'r')
