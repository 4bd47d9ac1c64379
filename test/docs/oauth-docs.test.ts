import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { serverMetadata } from '@gatehouse/auth/testing/oauth/server-metadata'
import { client as apiClient } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { documentedShell } from '@gatehouse/fixtures/documented-shell'
import { processEnvironment } from '@gatehouse/fixtures/program'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { freePort } from '@gatehouse/start/free-port'
import t from 'tap'
import { read } from '../rules/fixtures/source-files.ts'
import { blocksOf } from './fixtures/documented-blocks.ts'

t.test('the examples of docs/oauth.md work when pasted into a shell', async (t) => {
  const folder = dataFolder(t)
  const { url } = await wholeSystem(t, { GATEHOUSE_DATA_DIR: folder })
  await apiClient(url).register('ada@example.com', 'correct horse battery')
  const examples = blocksOf('docs/oauth.md', 'sh').find((block) => block.includes('API=')) ?? ''
  t.match(examples, 'API=http://localhost:3000', 'they go through the gateway')

  const shell = await documentedShell(t, folder)
  const stdout = await shell(examples.replace('http://localhost:3000', url))

  const answers = stdout.split(/^→ (\d{3})$/m)
  t.match(answers, [
    /"orders":\[\]/,
    '200',
    /"active":true/,
    '200',
    '\n\n',
    '200',
    /"invalid_grant"/,
    '400'
  ])
})

t.test('the example of docs/oauth.md verifies access tokens', async (t) => {
  const port = String(await freePort())
  const { url } = await wholeSystem(t, { GATEWAY_PORT: port })
  const account = ['ada@example.com', 'correct horse battery'] as const
  const { body } = await apiClient(url).register(...account)
  const { accessToken } = (await apiClient(url).login(...account)).body
  const [example = ''] = blocksOf('docs/oauth.md', 'js')
  t.match(example, "issuer = 'http://localhost:3000'")
  const code = `${example.replace('localhost:3000', `localhost:${port}`)}
const subjectOf = (token) => verify(token).then(({ sub }) => sub, ({ code }) => code)
console.log(JSON.stringify(await Promise.all(process.argv.slice(1).map(subjectOf))))`
  const [header, claims] = accessToken.split('.')
  const tokens = [accessToken, `${header}.${claims}.${'A'.repeat(86)}`]
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', code, ...tokens],
    { env: processEnvironment() }
  )
  t.strictSame(JSON.parse(stdout), [body.user.id, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'])
})

t.test('docs/oauth.md names every endpoint and method of the metadata', async (t) => {
  const page = read('docs/oauth.md')
  const metadata = serverMetadata('')
  for (const path of [
    metadata.token_endpoint,
    metadata.revocation_endpoint,
    metadata.introspection_endpoint,
    ...metadata.introspection_endpoint_auth_methods_supported,
    ...metadata.grant_types_supported,
    ...metadata.token_endpoint_auth_signing_alg_values_supported
  ]) {
    t.match(page, path, path)
  }
})
