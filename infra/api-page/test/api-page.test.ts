import { randomBytes } from 'node:crypto'
import { browser, browserMissing } from '@gatehouse/fixtures/browser'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import t from 'tap'

const skip = browserMissing

t.test(
  'the page of the API shows its document, without breaking its policy',
  { skip },
  async (t) => {
    const { apiPage } = await wholeSystem(t)
    const address = apiPage ?? ''
    const policy = (await fetch(address)).headers.get('content-security-policy') ?? ''
    t.notMatch(policy, /unsafe|http|\*/, 'a strict policy')
    for (const name of ['operator', 'operator.json']) {
      t.equal((await fetch(`${address}${name}`)).status, 200, name)
    }
    const page = await (await browser(t)).newPage()
    const faults: string[] = []
    const asked: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
    page.on('pageerror', ({ message }) => faults.push(message))
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(address.replace(/\/$/, ''))
    await page.getByText('/auth/refresh-token').first().click()
    await page.getByText('SESSION_ENDED').first().waitFor()
    t.equal(page.url().split('#')[0], address)
    t.strictSame(faults, [])
    const { origin } = new URL(address)
    t.strictSame(
      asked.filter((url) => !url.startsWith(origin) && !url.startsWith('data:')),
      [],
      'nothing comes from another origin'
    )
  }
)

t.test('a system in production has no page of the API', async (t) => {
  const key = () => randomBytes(32).toString('base64url')
  const { apiPage, services } = await wholeSystem(t, {
    NODE_ENV: 'production',
    AUTH_OPS_TOKEN: key(),
    AUTH_REFRESH_KEYS: `1:${key()}`,
    AUTH_KEY_ENCRYPTION_KEY: key(),
    GATEWAY_TRUSTED_PROXIES: '127.0.0.1',
    TOKEN_ISSUER: 'https://auth.example'
  })
  t.equal(apiPage, null)
  const opsUrl = services.find(({ name }) => name === 'auth')?.opsUrl
  t.equal((await fetch(`${opsUrl}/docs/`)).status, 404)
})
