import { operator } from '@gatehouse/fixtures/operator'
import t, { type Test } from 'tap'
import type { AuditKind } from '../../../../src/audit/audit-event.ts'
import { auditLog } from '../../../../src/audit/audit-log.ts'
import { audited, authService, OPS_TOKEN } from '../../../fixtures/auth-service.ts'
import { SOURCE } from '../../../fixtures/webhooks/webhook-instance.ts'
import { ok, status, webhookReceiver } from '../../../fixtures/webhooks/webhook-receiver.ts'

const headers = { authorization: `Bearer ${OPS_TOKEN}` }
const HOUR_MS = 3_600_000

const auth = await authService(t)
const AUTH_OPS_URL = await auth.ops.listen({ host: '127.0.0.1', port: 0 })

/** Events of a subject, in the audit log. */
const happens = (subject: string, kind: AuditKind = 'user-created') =>
  auditLog(auth.database, auth.clock).write({ kind, subject, sid: null, source: SOURCE })

/** The command line that calls the service, and an endpoint. All other endpoints are removed. */
async function world(t: Test) {
  for (const table of ['webhooks', 'deliveries', 'audit_events'] as const) {
    await auth.database.deleteFrom(table).execute()
  }
  const receiver = await webhookReceiver(t)
  const ops = operator('', { AUTH_OPS_URL, AUTH_OPS_TOKEN: OPS_TOKEN })
  const add = (payload: object) =>
    auth.ops.inject({ method: 'POST', url: '/ops/webhooks', headers, payload })
  const kinds = async () =>
    (await audited(auth)).map(({ kind }) => kind).filter((kind) => kind.startsWith('webhook-'))
  return { receiver, ops, add, kinds, deliver: () => auth.webhooks.deliverer.idle() }
}

t.test('an operator adds, tests, lists, disables, enables and removes an endpoint', async (t) => {
  const { receiver, ops, kinds, deliver } = await world(t)
  const made = await ops(['webhooks', 'add', receiver.url, '--event', 'user.created', '--json'])
  t.equal(made.code, 0, made.stderr)
  const { webhook, secret } = made.json as { webhook: { id: string }; secret: string }
  const { id } = webhook
  t.match(webhook, { url: receiver.url, events: ['user.created'], state: 'enabled' })
  t.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)

  t.match(await ops(['webhooks', 'test', id]), { code: 0, stdout: 'delivered: 204\n' })
  t.match(receiver.received[0]?.body, { type: 'webhook.test', data: {} })
  receiver.respond = status(500)
  t.match(await ops(['webhooks', 'test', id]), { code: 1, stdout: 'not delivered: status 500\n' })
  receiver.respond = ok

  const listed = await ops(['webhooks', 'list'])
  t.match(listed.stdout, `${id}  ${receiver.url}  user.created  enabled`)
  const rotated = await ops(['webhooks', 'rotate-secret', id, '--overlap-hours', '1', '--json'])
  t.match(rotated.json, { id, secret: /^whsec_/ })
  t.not(rotated.json.secret, secret)
  const { webhooks } = (await ops(['webhooks', 'list', '--json'])).json
  const until = new Date(auth.clock() + HOUR_MS).toISOString()
  t.match(webhooks, [{ previousSecretUntil: until }])

  t.equal((await ops(['webhooks', 'disable', id])).code, 0)
  await happens('ada')
  await deliver()
  t.equal(receiver.received.length, 2, 'a disabled endpoint gets nothing')
  t.equal((await ops(['webhooks', 'enable', id])).code, 0)
  t.equal((await ops(['webhooks', 'enable', id])).code, 0, 'it is enabled already')
  await happens('eve')
  await deliver()
  t.equal(receiver.received.length, 3)

  t.match(await ops(['webhooks', 'remove', id]), { code: 1, stderr: /--yes/ })
  t.equal((await ops(['webhooks', 'remove', id, '--yes'])).code, 0)
  t.match(await ops(['webhooks', 'list']), { stdout: /\n0 endpoints\n$/ })
  t.strictSame(await kinds(), [
    'webhook-created',
    'webhook-secret-rotated',
    'webhook-disabled',
    'webhook-enabled',
    'webhook-deleted'
  ])
  const left = await auth.database.selectFrom('deliveries').selectAll().execute()
  t.strictSame(left, [], 'its deliveries are removed')
})

t.test('a viewer sees where an endpoint is, but not the path, which can be a secret', async (t) => {
  const { add } = await world(t)
  const origin = 'https://hooks.example.com'
  const urls = [`${origin}/services/T0/secret`, `${origin}/?token=secret`, `${origin}/`]
  for (const url of urls) t.equal((await add({ url })).statusCode, 201)
  const create = { method: 'POST', url: '/ops/operators', headers } as const
  const viewer = await auth.ops.inject({ ...create, payload: { name: 'vera', role: 'viewer' } })
  const listedFor = async (token: string) => {
    const bearer = { authorization: `Bearer ${token}` }
    const listed = await auth.ops.inject({ url: '/ops/webhooks', headers: bearer })
    return listed
      .json()
      .webhooks.map(({ url }: { url: string }) => url)
      .sort()
  }
  t.strictSame(await listedFor(viewer.json().token), [`${origin}/`, `${origin}/…`, `${origin}/…`])
  t.strictSame(await listedFor(OPS_TOKEN), urls.sort())
})

t.test('the database and later responses contain no secret of an endpoint', async (t) => {
  const { receiver, add } = await world(t)
  const { secret, webhook } = (await add({ url: receiver.url })).json()
  const bytes = secret.slice('whsec_'.length)
  await auth.ops.inject({
    method: 'POST',
    url: `/ops/webhooks/${webhook.id}/rotate-secret`,
    headers,
    payload: {}
  })
  const stored = JSON.stringify(await auth.database.selectFrom('webhooks').selectAll().execute())
  t.notOk(stored.includes(bytes))
  const listed = await auth.ops.inject({ url: '/ops/webhooks', headers })
  t.notOk(listed.body.includes(bytes))
  t.notOk(JSON.stringify(await audited(auth)).includes(bytes))
})

t.test('an operator sees deliveries, and retries or discards those that are dead', async (t) => {
  const { receiver, ops, add, kinds, deliver } = await world(t)
  const { webhook } = (await add({ url: receiver.url })).json()
  receiver.respond = status(500)
  await happens('ada')
  await happens('eve')
  await auth.database.updateTable('deliveries').set({ attempts: 10 }).execute()
  for (let round = 0; round < 3; round += 1) {
    await deliver()
    auth.clock.advance(HOUR_MS)
  }
  const dead = await ops(['webhooks', 'deliveries', '--state', 'dead', '--json'])
  const found = dead.json.deliveries as { id: string }[]
  t.match(found, [
    { webhook: webhook.id, type: 'user.created', state: 'dead', status: 500, nextAttemptAt: null },
    { webhook: webhook.id, attempts: 11, fault: 'status' }
  ])
  const [first = '', second = ''] = found.map(({ id }) => id)
  receiver.respond = ok
  t.match(await ops(['webhooks', 'retry', first]), {
    code: 0,
    stdout: `${first} is queued again\n`
  })
  t.match(await ops(['webhooks', 'retry', first]), { code: 1, stderr: /no dead delivery/ })
  t.equal((await ops(['webhooks', 'discard', second, '--yes'])).code, 0)
  t.match(await ops(['webhooks', 'discard', second, '--yes']), { code: 1 })
  await deliver()
  const words = ['webhooks', 'deliveries', '--webhook', webhook.id, '--limit', '10']
  const listed = await ops(words)
  t.match(listed.stdout, /delivered .*\n.*discarded .*\n\n2 deliveries\n$/s)
  t.match(await ops(['webhooks', 'retry', '--webhook', webhook.id]), {
    stdout: 'queued again: 0\n'
  })
  t.strictSame((await kinds()).slice(1), [
    'webhook-deliveries-retried',
    'webhook-delivery-discarded'
  ])
})

t.test('an endpoint that must not be called, or an unknown event, is refused', async (t) => {
  const { add, ops, kinds } = await world(t)
  for (const [payload, detail] of [
    [{ url: 'no URL' }, /url must be a URL/],
    [{ url: 'http://hooks.example.com/' }, /url must be an https URL/],
    [{ url: 'https://[::ffff:10.0.0.1]/' }, /private address/],
    [{ url: 'https://user:secret@hooks.example.com/' }, /must not contain a user/],
    [{ url: 'https://hooks.example.com/', events: ['user.creatde'] }, /events must be event types/]
  ] as const) {
    const answer = await add(payload)
    t.match(answer.json(), { status: 400, code: 'INVALID_REQUEST', detail })
  }
  t.strictSame(await kinds(), [])
  const nowhere = '7f1b0a52-3c1e-4a53-9d0e-2b6b0c6f4c11'
  for (const words of [
    ['test', nowhere],
    ['enable', nowhere],
    ['disable', nowhere],
    ['remove', nowhere, '--yes'],
    ['rotate-secret', nowhere],
    ['retry', '--webhook', nowhere]
  ]) {
    const refused = await ops(['webhooks', ...words])
    t.match(refused, { code: 1, stderr: /there is no such webhook endpoint/ }, words.join(' '))
  }
  t.match(await ops(['webhooks', 'deliveries', '--state', 'late']), {
    code: 1,
    stderr: /must be one of/
  })
  t.equal((await ops(['webhooks', 'retry'])).code, 2)
  t.equal((await ops(['webhooks', 'rotate-secret', nowhere, '--overlap-hours', '721'])).code, 2)
})

t.test('an installation can have 50 webhook endpoints, and no more', async (t) => {
  const { add } = await world(t)
  const url = 'https://hooks.example.com/'
  t.equal((await add({ url })).statusCode, 201)
  const row = await auth.database.selectFrom('webhooks').selectAll().executeTakeFirstOrThrow()
  const others = Array.from({ length: 49 }, (_, number) => ({ ...row, id: `${number}` }))
  await auth.database.insertInto('webhooks').values(others).execute()
  t.match((await add({ url })).json(), { status: 400, detail: /already 50 endpoints/ })
})
