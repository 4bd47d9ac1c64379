import { client as apiClient, eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { documentedShell } from '@gatehouse/fixtures/documented-shell'
import { operator } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { freePort } from '@gatehouse/start/free-port'
import * as openid from 'openid-client'
import t from 'tap'
import { blocksOf } from './fixtures/documented-blocks.ts'

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
  const port = await freePort()
  const { url } = await wholeSystem(t, { GATEHOUSE_DATA_DIR: folder, GATEWAY_PORT: String(port) })
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
