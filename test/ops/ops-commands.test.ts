import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { client, eventually, type TokenAnswer } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { operator } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import t from 'tap'
import { exportWhileRecordsGo, verifyAudit } from './fixtures/audit-commands.ts'
import { drillWithoutCleanup } from './fixtures/drill-cleanup.ts'
import { operateTogether } from './fixtures/operator-commands.ts'
import {
  createAdmin,
  generatePassword,
  helpUser,
  inviteUser,
  password,
  removeLostFactors
} from './fixtures/user-commands.ts'

/** how many letters one client may ask for in a minute */
const MOST_LETTERS = 10

const folder = dataFolder(t)
const { url } = await wholeSystem(t, {
  GATEHOUSE_DATA_DIR: folder,
  GATEWAY_TRUSTED_PROXIES: '127.0.0.1',
  AUTH_OPS_FOUR_EYES: 'keys',
  AUTH_WEBHOOK_PRIVATE_HOSTS: '127.0.0.1'
})
const ops = operator(folder)
const api = client(url)

t.test('an operator creates an admin, changes their roles, and disables them', (t) =>
  createAdmin(t, { ops, api })
)

t.test('users create without a password generates one, and shows it once', (t) =>
  generatePassword(t, { ops, api })
)

t.test('an invited person registers once, with the roles of the invitation', (t) =>
  inviteUser(t, { ops, api })
)

t.test('an operator helps a user who forgot the password, moves, or leaves', (t) =>
  helpUser(t, { ops, api })
)

t.test('an operator verifies the audit log, exports it, and verifies the export', (t) =>
  verifyAudit(t, { ops, api })
)

t.test('a named operator revokes a key when another one has approved it', (t) =>
  operateTogether(t, { ops, folder })
)

t.test('an export of the audit log is complete, even if old records are deleted meanwhile', (t) =>
  exportWhileRecordsGo(t, folder, { ops, api })
)

t.test('a drill whose account cannot be disabled reports what it found, and the account', (t) =>
  drillWithoutCleanup(t, folder)
)

t.test('a command that ends sessions asks for confirmation', async (t) => {
  const { body } = await api.register('grace@example.com', password)
  const tokens = (await api.login('grace@example.com', password)).body
  for (const words of [
    ['users', 'disable', body.user.id],
    ['sessions', 'end', tokens.session.id],
    ['sessions', 'end', '--user', body.user.id]
  ]) {
    const ran = await ops(words)
    t.match(ran, { code: 1, stdout: '', stderr: /--yes/ }, words.join(' '))
    const json = await ops([...words, '--json'])
    t.match(json, { code: 1, json: { error: { code: 'NOT_CONFIRMED' } } })
  }
  t.equal((await api.refresh(tokens.refreshToken)).status, 200)
})

t.test(
  'a user who has just signed in asks for another address, which gets an e-mail',
  async (t) => {
    await api.register('moving@example.com', password)
    const { accessToken } = (await api.login('moving@example.com', password)).body
    const json = { email: 'moved@example.com' }
    t.equal((await api.call('/auth/email', { json })).status, 401)
    t.equal((await api.call('/auth/email', { token: accessToken, json })).status, 202)
    const listed = async () => (await ops(['mail', 'list'])).stdout
    const isSent = (text: string) => /change-email\s+delivered/.test(text)
    t.match(await eventually(listed, isSent, 5000), /change-email\s+delivered/)
  }
)

t.test('an operator lists the second factors of a user, and removes lost ones', (t) =>
  removeLostFactors(t, { ops, api })
)

t.test('a webhook endpoint that an operator adds receives the next registration', async (t) => {
  const received: string[] = []
  const endpoint = createServer(async (request, response) => {
    received.push(await text(request))
    response.end()
  }).listen(0, '127.0.0.1')
  await once(endpoint, 'listening')
  t.teardown(() => void endpoint.close())
  const { port } = endpoint.address() as AddressInfo
  const added = await ops(['webhooks', 'add', `http://127.0.0.1:${port}/`, '--json'])
  t.equal(added.code, 0, added.stderr)
  const { user } = (await api.register('hooked@example.com', password)).body
  const isReceived = () => received.some((body) => body.includes(user.id))
  t.ok(await eventually(async () => isReceived(), Boolean, 5000))
  const { id } = added.json.webhook as { id: string }
  t.equal((await ops(['webhooks', 'remove', id, '--yes'])).code, 0)
})

t.test('the audit log has the client address that the gateway reports', async (t) => {
  const { body } = await api.register('edsger@example.com', password)
  const from = (address: string) => ({ 'x-forwarded-for': address })
  const json = { email: 'edsger@example.com', password }
  const login = await api.call<TokenAnswer>('/auth/login', { json, headers: from('192.0.2.1') })
  const token = login.body.accessToken
  await api.call('/auth/logout-all', { method: 'POST', token, headers: from('192.0.2.2') })
  const log = (await ops(['audit', '--user', body.user.id, '--json'])).json
  const events = log.events as Record<string, string>[]
  const addresses = Object.fromEntries(events.map(({ kind, address }) => [kind, address]))
  t.match(addresses, { login: '192.0.2.1', 'logout-all': '192.0.2.2' })
})

t.test('clients of one gateway have limits of their own, on public routes too', async (t) => {
  const statuses: number[] = []
  for (let client = 1; client <= MOST_LETTERS + 1; client += 1) {
    const headers = { 'x-forwarded-for': `198.51.100.${client}` }
    const json = { email: `unknown-${client}@example.com` }
    statuses.push((await api.call('/auth/password/forgot', { json, headers })).status)
  }
  t.strictSame([...new Set(statuses)], [202])
})
