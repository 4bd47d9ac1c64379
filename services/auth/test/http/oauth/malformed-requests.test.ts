import t from 'tap'
import { authService } from '../../fixtures/auth-service.ts'
import { clientWithSecret, postForm } from '../../fixtures/oauth/oauth-client.ts'
import { isOAuthError } from '../../fixtures/oauth/oauth-error.ts'

const endpoints = ['/oauth/token', '/oauth/revoke', '/oauth/introspect']
const FORM = 'application/x-www-form-urlencoded'

t.test('malformed requests get errors in the form of RFC 6749', async (t) => {
  const auth = await authService(t)
  const { authorized } = await clientWithSecret(auth, 'client_secret_basic', ['introspect'])
  const form = 'grant_type=client_credentials&token=x'
  for (const path of endpoints) {
    const send = (body: unknown, type: string | null, more = {}) =>
      auth.post(path, body, {
        ...authorized,
        ...(type === null ? {} : { 'content-type': type }),
        ...more
      })
    const is = (answer: Awaited<ReturnType<typeof send>>, status: number, title: string) =>
      isOAuthError(t, answer, status, 'invalid_request', `${path} ${title}`)

    is(await send('{"grant_type":"client_credentials"}', 'application/json'), 415, 'JSON')
    is(await send(form, 'text/plain'), 415, 'text')
    is(await send(form, 'multipart/form-data; boundary=x'), 415, 'a multipart form')
    is(await send(form, null), 415, 'no content type')
    is(await send(undefined, null), 400, 'no body')
    is(await send('', FORM), 400, 'an empty body')
    is(await send(form, FORM, { 'content-encoding': 'gzip' }), 415, 'a content coding')
    is(await postForm(auth, path, `${form}&scope=a&scope=b`, authorized), 400, 'repeated')
    is(await postForm(auth, path, `${form}&x=%zz`, authorized), 400, 'not encoded')
    is(await postForm(auth, path, `${form}&x=${'x'.repeat(16_384)}`, authorized), 413, 'large')
    const get = await auth.get(path, authorized)
    is(get, 405, 'GET')
    t.equal(get.headers.allow, 'POST')
  }
})

t.test('the content type may have parameters, and any case', async (t) => {
  const auth = await authService(t)
  const { authorized } = await clientWithSecret(auth)
  for (const type of [
    'application/x-www-form-urlencoded;charset=UTF-8',
    'Application/X-WWW-Form-Urlencoded'
  ]) {
    const headers = { ...authorized, 'content-type': type }
    const answer = await auth.post('/oauth/token', 'grant_type=client_credentials', headers)
    t.equal(answer.statusCode, 200, type)
  }
})

t.test('other routes refuse forms, and answer with problem documents', async (t) => {
  const { post } = await authService(t)
  const answer = await post('/login', 'email=a', {
    'content-type': 'application/x-www-form-urlencoded'
  })
  t.equal(answer.statusCode, 415)
  t.match(answer.headers['content-type'], /^application\/problem\+json/)
})
