import { client, eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { operator } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import t from 'tap'
import { headerOf, type Key, publishedBy } from './fixtures/key-ids.ts'

const ada = { email: 'ada@example.com', password: 'correct horse battery' }

t.test('a rotation, even to another algorithm, loses no request', async (t) => {
  const folder = dataFolder(t)
  const { url, services } = await wholeSystem(t, { GATEHOUSE_DATA_DIR: folder })
  const authUrl = services.find(({ name }) => name === 'auth')?.url ?? ''
  const ops = operator(folder)
  const api = client(url)
  await api.register(ada.email, ada.password)
  let { body: tokens } = await api.login(ada.email, ada.password)
  const kidBefore = headerOf(tokens.accessToken).kid
  const old = tokens.accessToken
  const statuses: Record<number, number> = {}
  let done = false
  const traffic = (async () => {
    while (!done) {
      tokens = (await api.refresh(tokens.refreshToken)).body
      for (const token of [old, tokens.accessToken]) {
        const { status } = await api.call('/echo/x', { token })
        statuses[status] = (statuses[status] ?? 0) + 1
      }
    }
  })()

  const rotated = await ops(['keys', 'rotate', '--algorithm', 'EdDSA', '--json'])

  t.equal(rotated.code, 0, rotated.stderr)
  const kidAfter = (rotated.json.keys as Key[]).find(({ state }) => state === 'active')?.kid
  const next = await eventually(
    async () => headerOf(tokens.accessToken),
    ({ kid }) => kid === kidAfter
  )
  t.match(next, { kid: kidAfter, alg: 'EdDSA' })
  const count = statuses[200] ?? 0
  await eventually(
    async () => statuses[200] ?? 0,
    (now) => now > count + 4
  )
  done = true
  await traffic
  t.strictSame(Object.keys(statuses), ['200'], `of ${JSON.stringify(statuses)}`)

  const listed = await ops(['keys', 'list'])
  t.match(listed, { code: 0, stdout: /retires/ })
  t.match(listed.stdout, new RegExp(`${kidBefore} +ES256 +retiring`))
  t.match(listed.stdout, new RegExp(`${kidAfter} +EdDSA +active`))
  t.match((await ops(['database', 'status'])).stdout, /^0013-open-sessions +\d{4}-\S+ +has it$/m)
  const gateways = await ops(['gateways'])
  t.match(gateways, { code: 0, stdout: /1 gateway\n/ })
  t.match(gateways.stdout, kidAfter)
  t.match(await ops(['keys', 'retire', kidBefore]), {
    code: 1,
    stderr: /tokens that the key signed/
  })
  t.match(await ops(['keys', 'revoke', kidBefore]), { code: 1, stderr: /--yes/ })
  const revoked = await ops(['keys', 'revoke', kidBefore, '--yes'])
  t.match(revoked, { code: 0, stdout: /revoked/ })
  t.strictSame(await publishedBy(authUrl), [kidAfter])

  // A key id that begins with a hyphen is not read as an option.
  const hyphenated = await ops(['keys', 'retire', `-${'x'.repeat(42)}`])
  t.match(hyphenated, { code: 1, stderr: /no such key/ })
})
