import { GATEWAY_KEYS_PATH } from '@gatehouse/edge-headers/assertion'
import { client as apiClient, eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { documentedShell } from '@gatehouse/fixtures/documented-shell'
import { operator } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { freePort } from '@gatehouse/start/free-port'
import * as openid from 'openid-client'
import t from 'tap'
import { read } from '../rules/fixtures/source-files.ts'
import { blocksOf } from './fixtures/documented-blocks.ts'
import { shopRoutes, started } from './fixtures/example-services.ts'

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const JWT = 'urn:ietf:params:oauth:token-type:jwt'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

/** The error that the library reports; null if there is none. */
const faultOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => null,
    (fault) => fault
  )

t.test('services exchange tokens to call each other', async (t) => {
  const folder = dataFolder(t)
  const [port, shopPort] = [await freePort(), String(await freePort())]
  const { url, services } = await wholeSystem(t, {
    GATEHOUSE_DATA_DIR: folder,
    GATEWAY_PORT: String(port),
    GATEWAY_ROUTES: shopRoutes(t, new Map([['shop', shopPort]]))
  })
  const [ops, api] = [operator(folder), apiClient(url)]

  t.test('the commands of docs/calling-services.md do what the page says', async (t) => {
    const shell = await documentedShell(t, folder)
    const script = blocksOf('docs/calling-services.md', 'sh').join('\n')
    t.match(script, 'API=http://localhost:3000')
    const stdout = await shell(script.replace('http://localhost:3000', url))
    t.match(stdout.split(/^→ (\d{3})$/m), [
      /"orders":\[\]/,
      '200',
      /"UNAUTHENTICATED"/,
      '401',
      /"FORBIDDEN"/,
      '403',
      /"SESSION_ENDED"/,
      '401'
    ])
  })

  t.test('the service of docs/calling-services.md calls another one as its user', async (t) => {
    const files = ['as-user', 'calling-service'].map((name) => `examples/express/${name}.js`)
    t.strictSame(blocksOf('docs/calling-services.md', 'js'), files.map(read))
    const shell = await documentedShell(t, folder)
    const commands = blocksOf('docs/calling-services.md', 'sh').filter((one) =>
      /^(API|SHOP)=/.test(one)
    )
    const script = [...commands, 'echo "$CLIENT_ID $CLIENT_SECRET"'].join('\n')
    const [CLIENT_ID = '', CLIENT_SECRET = ''] = (await shell(script)).trim().split(' ')
    const opsUrl = services.find(({ name }) => name === 'gateway')?.opsUrl ?? ''
    const GATEWAY_KEYS_URL = `${opsUrl}${GATEWAY_KEYS_PATH}`
    const first = { GATEWAY_KEYS_URL, AUDIENCE: 'shop', PORT: shopPort }
    const settings = { ...first, CLIENT_ID, CLIENT_SECRET, GATEWAY_URL: url }
    await started(t, [process.execPath, files[1] ?? ''], settings)
    const account = ['kay@example.com', 'correct horse battery'] as const
    await api.register(...account)
    const { accessToken: token } = (await api.login(...account)).body
    await api.call('/orders', { token, json: { item: 'ink', quantity: 1 } })
    const summary = () => api.call('/shop/summary', { token })
    for (let calls = 0; calls < 3; calls += 1) t.strictSame((await summary()).body, { orders: 1 })
    const { stdout } = await ops(['audit', '--kind', 'token-exchanged', '--json'])
    t.equal(stdout.split(CLIENT_ID).length - 1, 1, 'requests with one assertion share an exchange')
    t.equal((await ops(['clients', 'disable', CLIENT_ID, '--yes'])).code, 0)
    const refused = await eventually(summary, ({ status }) => status !== 200)
    t.match(refused, { status: 401, body: { code: 'TOKEN_STALE' } })
  })

  t.test('a third-party library exchanges a token, until the client is disabled', async (t) => {
    const audiences = ['--receives', 'echo', '--calls', 'orders']
    const words = ['clients', 'create', '--name', 'caller', '--scope', 'orders:read', '--json']
    const made = await ops([...words, ...audiences])
    const { client, secret } = made.json as { client: { id: string }; secret: { secret: string } }
    const configuration = await openid.discovery(
      new URL(`http://localhost:${port}`),
      client.id,
      undefined,
      openid.ClientSecretBasic(secret.secret),
      { algorithm: 'oauth2', execute: [openid.allowInsecureRequests] }
    )
    await api.register('ada@example.com', 'correct horse battery')
    const { accessToken } = (await api.login('ada@example.com', 'correct horse battery')).body
    const echoed = await api.call<{ headers: Record<string, string> }>('/echo/x', {
      token: accessToken
    })
    const exchange = (audience: string) =>
      openid.genericGrantRequest(configuration, TOKEN_EXCHANGE, {
        subject_token: echoed.body.headers['x-auth-assertion'] ?? '',
        subject_token_type: JWT,
        audience
      })

    const tokens = await exchange('orders')
    t.match(tokens, { issued_token_type: ACCESS_TOKEN, token_type: 'bearer', scope: 'orders:read' })
    t.match(await faultOf(exchange('echo')), { error: 'invalid_target', status: 400 })

    const call = () => api.call('/orders', { token: tokens.access_token })
    t.equal((await call()).status, 200)
    t.equal((await ops(['clients', 'audiences', client.id])).code, 0)
    const refused = await eventually(call, ({ status }) => status === 401)
    t.equal(refused.body.code, 'TOKEN_STALE')
    t.match(await faultOf(exchange('orders')), { error: 'unauthorized_client', status: 400 })
    t.equal((await api.call('/echo/x', { token: accessToken })).status, 200, 'the user continues')
  })
})
