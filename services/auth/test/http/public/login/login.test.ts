import t from 'tap'
import { LIFETIME_SECONDS } from '../../../fixtures/auth-config.ts'
import {
  authService,
  email,
  password,
  registered,
  signedInBrowser
} from '../../../fixtures/auth-service.ts'
import {
  badText,
  missing,
  nothing,
  refusesBodies,
  unreadable
} from '../../../fixtures/bad-bodies.ts'
import { policy } from '../../../fixtures/families/stores.ts'
import { isProblem } from '../../../fixtures/problem.ts'

const valid = { email, password }

t.test('a login returns a token response in the body', async (t) => {
  const auth = await authService(t)
  await registered(auth)
  const answer = await auth.post('/login', valid)
  const body = answer.json()
  t.equal(answer.statusCode, 200)
  t.strictSame(Object.keys(body).sort(), [
    'accessToken',
    'expiresIn',
    'refreshExpiresIn',
    'refreshToken',
    'session',
    'tokenType'
  ])
  t.match(body, { tokenType: 'Bearer', refreshExpiresIn: policy.idleSeconds })
  t.strictSame(Object.keys(body.session), ['id'])
  t.ok(body.expiresIn > LIFETIME_SECONDS * 0.95 - 1 && body.expiresIn <= LIFETIME_SECONDS)
  t.equal(answer.headers['cache-control'], 'no-store', 'no cache keeps it')
  t.notOk(answer.headers['set-cookie'], 'and no cookie')
})

t.test('a login with cookie delivery has the refresh token only in the cookie', async (t) => {
  const auth = await authService(t)
  const { answer } = await signedInBrowser(auth)
  t.notOk('refreshToken' in answer.json(), 'scripts never see it')
  t.match(answer.json(), { accessToken: String, refreshExpiresIn: policy.idleSeconds })
  const [value, ...attributes] = String([answer.headers['set-cookie']].flat()[0]).split('; ')
  t.match(value, /^__Host-refresh=[\w-]{94}$/)
  t.strictSame(attributes.sort(), [
    'HttpOnly',
    `Max-Age=${policy.idleSeconds}`,
    'Path=/',
    'SameSite=Strict',
    'Secure'
  ])
})

t.test('each login opens a session', async (t) => {
  const auth = await authService(t)
  await registered(auth)
  const ids = [await auth.post('/login', valid), await auth.post('/login', valid)]
  const [one, other] = ids.map((answer) => answer.json().session.id)
  t.not(one, other)
})

t.test('an invalid body is refused in the documented form', async (t) => {
  const auth = await authService(t)
  await refusesBodies(t, auth, '/login', {
    ...unreadable(valid),
    ...nothing,
    ...missing(valid, 'email'),
    ...missing(valid, 'password'),
    ...badText(valid, 'email', 1, 254),
    ...badText(valid, 'password', 1, 256),
    'an unknown delivery': {
      body: { ...valid, delivery: 'canary-5c1f' },
      detail: 'body/delivery must be one of: body, cookie'
    }
  })
})

t.test('an impossible e-mail address gets the response of a wrong password', async (t) => {
  const { post } = await authService(t)
  const impossible = ['no address', 'ada\ud800@example.com', '\u0000@example.com', "' or 1=1 --"]
  for (const email of impossible) {
    const answer = await post('/login', { email, password })
    const detail = 'the e-mail address or the password is wrong'
    isProblem(t, answer, { code: 'UNAUTHENTICATED', detail }, JSON.stringify(email))
    t.equal(answer.headers['www-authenticate'], 'Bearer realm="gatehouse"')
  }
})

t.test('a password is the same on every keyboard', async (t) => {
  const { post } = await authService(t)
  await post('/register', { email, password: 'crème brûlée' })
  const decomposed = 'crème brûlée'.normalize('NFD')
  t.equal((await post('/login', { email, password: decomposed })).statusCode, 200)
  t.equal((await post('/login', { email, password: 'creme brulee' })).statusCode, 401)
})
