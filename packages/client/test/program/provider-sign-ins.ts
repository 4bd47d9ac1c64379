import type { Test } from 'tap'
import { createClient } from '../../src/client.ts'
import {
  beginLogin,
  type LoginOptions,
  providersOf,
  takeProviderResult
} from '../../src/providers.ts'
import { APP_URL, type Programs } from './programs.ts'

/** A native app signs in with another provider, in the browser of the system. */
export async function providerSignIns(
  t: Test,
  { baseUrl, provider, someone }: Programs
): Promise<void> {
  /** What the login returned to the app. */
  const visit = async (sub: string, more: LoginOptions = {}) => {
    const options = { baseUrl, returnTo: APP_URL, ...more }
    const { url, codeVerifier } = await beginLogin('acme', options)
    const begun = await fetch(url, { redirect: 'manual' })
    const [cookie = ''] = begun.headers.getSetCookie().map((set) => set.split(';')[0])
    const person = { sub, email: `${sub}@acme.example`, email_verified: true }
    const query = provider.authorize(begun.headers.get('location') ?? '', person)
    const callback = `${baseUrl}/auth/login/providers/acme/callback?${query}`
    const back = await fetch(callback, { redirect: 'manual', headers: { cookie } })
    const { hash, href } = new URL(back.headers.get('location') ?? '')
    t.ok(href.startsWith(`${APP_URL}#`))
    return { code: new URLSearchParams(hash.slice(1)).get('code') ?? '', codeVerifier }
  }

  await t.test('a program signs in with another provider', async (t) => {
    const client = createClient({ baseUrl, delivery: 'body' })
    t.strictSame(await providersOf(client).list(), [
      { id: 'acme', name: 'Acme', reauthentication: true }
    ])
    const { id } = await client.login(await visit('ada'))
    t.strictSame(await client.session(), { id })
    t.equal((await client.fetch('/orders')).status, 200)
    const used = await visit('ada')
    await client.login(used)
    await t.rejects(client.login(used), { code: 'UNAUTHENTICATED' }, 'the code was used')
    const provider = await visit('ada', { prompt: 'login' })
    const stepUp = { method: 'POST', headers: { 'content-type': 'application/json' } }
    const body = JSON.stringify({ provider })
    t.equal((await client.fetch('/auth/step-up', { ...stepUp, body })).status, 204)
    const [link] = await providersOf(client).linked()
    t.match(link, { provider: 'acme', email: 'ada@acme.example', opensSession: true })
    await t.rejects(providersOf(client).unlink(link?.id ?? ''), { code: 'CONFLICT' })
  })

  await t.test('a program links a provider, and unlinks it', async (t) => {
    const { client } = await someone()
    const { linked, link, unlink } = providersOf(client)
    const { id } = await link(await visit('eve'))
    t.strictSame(
      (await linked()).map((one) => one.id),
      [id]
    )
    const other = createClient({ baseUrl, delivery: 'body' })
    await other.login(await visit('eve'))
    t.equal((await other.fetch('/auth/me')).status, 200, 'it opens a session of the account')
    t.equal(await unlink(id), undefined)
    t.strictSame(await linked(), [])
    await client.logout()
    await t.rejects(linked(), { code: 'UNAUTHENTICATED' })
    const reason = new Error('the user left the page')
    await t.rejects(linked({ signal: AbortSignal.abort(reason) }), reason)
  })

  await t.test('a page takes the result of a login from its address, once', async (t) => {
    const location = { pathname: '/signed-in', search: '?x=1' }
    const replaced: string[] = []
    const history = {
      state: null,
      replaceState: (_state: unknown, _title: unknown, url: unknown) => replaced.push(String(url))
    }
    const page: Record<string, unknown> = globalThis
    t.teardown(() => {
      delete page.location
      delete page.history
    })
    const take = (hash: string) => {
      Object.assign(page, { location: { ...location, hash }, history })
      return takeProviderResult()
    }
    t.strictSame(take('#code=c&provider=acme'), { code: 'c', provider: 'acme' })
    t.strictSame(take('#error=denied&provider=acme'), { error: 'denied', provider: 'acme' })
    t.equal(take('#token=x'), null, 'the fragment of a letter is not taken')
    t.equal(take(''), null)
    t.strictSame(replaced, ['/signed-in?x=1', '/signed-in?x=1'])
  })
}
