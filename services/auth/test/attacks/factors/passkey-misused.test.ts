import { generateKeyPairSync } from 'node:crypto'
import { type Flaws, passkeyDevice } from '@gatehouse/fixtures/passkey-device'
import t from 'tap'
import { ALLOWED_ORIGIN } from '../../fixtures/auth-config.ts'
import { authService, signedIn } from '../../fixtures/auth-service.ts'
import {
  addPasskey,
  loginAlone,
  refused,
  stepUp,
  waitingLogin,
  withPasskey
} from '../../fixtures/passkey.ts'
import { isProblem } from '../../fixtures/problem.ts'
import { headersOf } from '../../fixtures/second-factor.ts'

/** One service; each test has accounts of its own. */
const auth = await authService(t)

/** Waits until guesses at any account are due again. */
const calm = () => auth.clock.advance(6 * 3_600_000)
const waiting = (who: string) => waitingLogin(auth, who)
const answer = (challenge: string, passkey: unknown) =>
  auth.post('/login/factor', { challenge, passkey })

const lies: Readonly<Record<string, Flaws>> = {
  'of a page of another origin': { origin: 'https://app.example.evil.example' },
  'of a page of a subdomain': { origin: 'https://evil.app.example' },
  'of a page without TLS': { origin: 'http://app.example' },
  'of another relying party': { rpId: 'example' },
  'of a frame in another page': { crossOrigin: true },
  'of a registration': { type: 'webauthn.create' },
  'of another kind of authenticator': { backupEligible: true },
  'for another user': { userHandle: 'AAAA' }
}

t.test('a forged assertion opens no session, alone or after the password', async (t) => {
  const who = 'lies@example.com'
  const { headers, device } = await withPasskey(auth, who)
  const alone = {
    ...lies,
    'whose user was not verified': { verified: false },
    'that does not say whose it is': { userHandle: null }
  }
  for (const [title, flaws] of Object.entries(alone)) {
    calm()
    isProblem(t, await loginAlone(auth, device, flaws), refused, `alone: ${title}`)
  }
  for (const [title, flaws] of Object.entries(lies)) {
    calm()
    const { challenge, options } = await waiting(who)
    const login = await answer(challenge, device.get(options, flaws))
    t.equal(login.json().code, 'FACTOR_REQUIRED', `after the password: ${title}`)
    const raised = await stepUp(auth, headers, device, flaws)
    t.equal(raised.json().code, 'UNAUTHENTICATED', `a step-up: ${title}`)
  }
  calm()
  t.equal((await loginAlone(auth, device)).statusCode, 200, 'without a lie it does')
})

t.test('a forged registration adds no passkey', async (t) => {
  const { user, tokens } = await signedIn(auth, 'registers@example.com')
  const headers = await headersOf(auth, user, tokens)
  const { 'of another kind of authenticator': _kind, 'for another user': _user, ...own } = lies
  const flaws = { ...own, 'of a registration': { type: 'webauthn.get' } }
  for (const [title, flaw] of Object.entries({ ...flaws, unverified: { verified: false } })) {
    const { answer } = await addPasskey(auth, headers, { flaws: flaw })
    isProblem(
      t,
      answer,
      {
        code: 'INVALID_REQUEST',
        detail: 'body/passkey is not valid for the challenge of this session: request new options'
      },
      title
    )
  }
  const stranger = await signedIn(auth, 'stranger@example.com')
  const foreign = await headersOf(auth, stranger.user, stranger.tokens)
  const options = (await auth.post('/factors/passkeys/options', undefined, foreign)).json()
  const passkey = passkeyDevice({ origin: ALLOWED_ORIGIN }).create(options)
  const stolen = await auth.post('/factors/passkeys', { passkey }, headers)
  t.equal(stolen.statusCode, 400, 'with the challenge of another session')
  const { factors } = (await auth.get('/factors', headers)).json()
  t.strictSame(factors, [])
})

t.test('a passkey is added only with a key whose signatures can be verified', async (t) => {
  const { user, tokens } = await signedIn(auth, 'keys@example.com')
  const headers = await headersOf(auth, user, tokens)
  const bytes = (length: number, last = 0xff) =>
    Buffer.concat([Buffer.alloc(length - 1, 0xff), Buffer.from([last])])
  type Key = NonNullable<Flaws['key']>
  const cose = (...values: Key extends Map<number, infer Value> ? Value[] : never): Key =>
    new Map([1, 3, -1, -2, -3].slice(0, values.length).map((label, i) => [label, values[i] ?? 0]))
  const exponent = Buffer.from([1, 0, 1])
  const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  const keys: Record<string, [status: number, key: Key]> = {
    'a point off the curve': [400, cose(2, -7, 1, bytes(32, 1), bytes(32, 2))],
    'P-384 with ES256': [400, cose(2, -7, 2, bytes(48), bytes(48))],
    'an RSA key with ES256': [400, cose(3, -7, bytes(256), exponent)],
    'a symmetric key': [400, cose(4, -7, bytes(32))],
    'a short Ed25519 key': [400, cose(1, -8, 6, bytes(31))],
    'RSA of 1024 bits': [400, cose(3, -257, bytes(128), exponent)],
    'RSA of 32,768 bits': [400, cose(3, -257, bytes(4096), exponent)],
    'RSA with the exponent 1': [400, cose(3, -257, bytes(256), bytes(1, 1))],
    'RSA of 2048 bits': [201, cose(3, -257, bytes(256), exponent)],
    'an Ed25519 key of small order': [400, cose(1, -8, 6, Buffer.alloc(32))],
    Ed25519: [201, cose(1, -8, 6, Buffer.from(ed25519.x ?? '', 'base64url'))]
  }
  for (const [title, [status, key]] of Object.entries(keys)) {
    // A minute has a limited number of attempts.
    auth.clock.advance(10_000)
    const { answer } = await addPasskey(auth, headers, { flaws: { key } })
    t.equal(answer.statusCode, status, title)
  }
})

t.test('no attestation is verified, so no address in one is requested', async (t) => {
  const { user, tokens } = await signedIn(auth, 'attests@example.com')
  const headers = await headersOf(auth, user, tokens)
  for (const format of ['android-key', 'apple', 'packed', 'tpm', 'unheard-of']) {
    const { answer } = await addPasskey(auth, headers, { flaws: { format } })
    t.equal(answer.statusCode, 201, `the statement is ignored: ${format}`)
  }
})

t.test('a challenge is refused for another account, session or purpose', async (t) => {
  const ada = await withPasskey(auth, 'ada@example.com')
  const eve = await withPasskey(auth, 'eve@example.com')
  const adas = await waiting(ada.who)
  const eves = await waiting(eve.who)
  const own = (challenge: string) => ada.device.get({ ...adas.options, challenge })
  const another = await waiting(ada.who)
  const stepUpOf = async ({ headers }: typeof ada) =>
    (await auth.post('/step-up/passkey', undefined, headers)).json().challenge
  const alone = (await auth.post('/login/passkey/options')).json().challenge
  const challenges = {
    'of another account': eves.options.challenge,
    'of another login of the account': another.options.challenge,
    'of a step-up': await stepUpOf(ada),
    'of a login without a password': alone,
    'made up': 'A'.repeat(72)
  }
  for (const [title, challenge] of Object.entries(challenges)) {
    calm()
    const fresh = await waiting(ada.who)
    const login = await answer(fresh.challenge, own(challenge))
    t.equal(login.json().code, 'FACTOR_REQUIRED', `a login with the challenge ${title}`)
  }
  calm()
  for (const [title, challenge] of Object.entries({
    'of a login': adas.options.challenge,
    'of a step-up': await stepUpOf(ada)
  })) {
    const passkey = own(challenge)
    isProblem(t, await auth.post('/login/passkey', { passkey }), refused, `alone: ${title}`)
  }
  const raised = { passkey: own(await stepUpOf(eve)) }
  const foreign = await auth.post('/step-up', raised, ada.headers)
  t.equal(foreign.json().code, 'UNAUTHENTICATED', 'a step-up of another account')

  calm()
  const late = await auth.post('/login/passkey/options')
  auth.clock.advance(300_000)
  isProblem(t, await auth.post('/login/passkey', { passkey: ada.device.get(late.json()) }), refused)
})

t.test('the passkey of another account proves nothing', async (t) => {
  const owner = await withPasskey(auth, 'owner@example.com')
  const thief = await withPasskey(auth, 'thief@example.com')
  const { challenge, options } = await waiting(owner.who)
  const login = await answer(challenge, thief.device.get(options))
  t.equal(login.json().code, 'FACTOR_REQUIRED', 'after the password of its owner')
  const [credential] = options.allowCredentials
  const renamed = thief.device.get(options, { id: credential.id })
  t.equal((await answer(challenge, renamed)).json().code, 'FACTOR_REQUIRED', 'under its id')
  calm()
  const handle = Buffer.from(owner.user.id).toString('base64url')
  isProblem(t, await loginAlone(auth, thief.device, { userHandle: handle }), refused, 'alone')
  isProblem(t, await loginAlone(auth, thief.device, { id: credential.id }), refused, 'renamed')
  const raised = await stepUp(auth, owner.headers, thief.device)
  t.equal(raised.json().code, 'UNAUTHENTICATED', 'a step-up')
})
