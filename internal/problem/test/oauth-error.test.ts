import t from 'tap'
import { problems } from '../src/codes.ts'
import { OAuthRefusal, oauthErrorDocument } from '../src/oauth-error.ts'
import { Refusal } from '../src/refusal.ts'

t.test('an OAuth error has its code, and not the reason', async (t) => {
  const refusal = new OAuthRefusal('invalid_grant', 'INVALID_REQUEST', { reason: 'it is spent' })
  t.ok(refusal instanceof Refusal, 'it is a refusal like any other')
  t.equal(refusal.status, 400)
  t.strictSame(oauthErrorDocument(refusal), { error: 'invalid_grant' })
})

t.test('every other refusal has an OAuth code', async (t) => {
  const named = Object.keys(problems).map((code) => {
    const refusal = new Refusal(code as keyof typeof problems, { reason: 'why', detail: 'words' })
    const { error, error_description } = oauthErrorDocument(refusal)
    t.equal(error_description, 'words')
    return [code, error]
  })
  t.match(Object.fromEntries(named), {
    INVALID_REQUEST: 'invalid_request',
    RATE_LIMITED: 'temporarily_unavailable',
    UNAVAILABLE: 'temporarily_unavailable',
    UPSTREAM_TIMEOUT: 'temporarily_unavailable',
    INTERNAL: 'server_error'
  })
})

t.test('a description contains no character that RFC 6749 §5.2 excludes', async (t) => {
  const refusal = new Refusal('INVALID_REQUEST', { reason: '', detail: 'a "b" \\ é \n ok' })
  t.equal(oauthErrorDocument(refusal).error_description, "a 'b' ' ' ' ok")
})
