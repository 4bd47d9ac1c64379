import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { client as apiClient } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { documentedShell } from '@gatehouse/fixtures/documented-shell'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import t from 'tap'
import { read } from '../rules/fixtures/source-files.ts'
import { blocksOf } from './fixtures/documented-blocks.ts'

t.test('the tenant of docs/claims.md reaches the service in a header', async (t) => {
  const folder = dataFolder(t)
  const [settings = ''] = blocksOf('docs/claims.md', 'text')
  const [name = '', value = ''] = settings.trim().split('=')
  const [route = ''] = blocksOf('docs/claims.md', 'yaml')
  const routes = join(folder, 'routes.yaml')
  const before = read('gateway/routes.yaml')
  const echo = /^ {2}- name: echo\n(?: {4}.*\n)+/m
  t.match(before, echo)
  writeFileSync(routes, before.replace(echo, route))
  const { url } = await wholeSystem(t, {
    GATEHOUSE_DATA_DIR: folder,
    GATEWAY_ROUTES: routes,
    [name]: value
  })
  await apiClient(url).register('ada@example.com', 'correct horse battery')
  const shell = await documentedShell(t, folder)
  const script = blocksOf('docs/claims.md', 'sh').join('\n')
  const stdout = await shell(script.replace('http://localhost:3000', url))
  t.match(stdout, /claims: \{"tenant_id":"acme"\}/)
  t.match(stdout, /^"x-auth-claim-tenant-id":"acme"$/m)
})
