import { shownCode } from '@gatehouse/fixtures/authenticator'
import { type client, eventually } from '@gatehouse/fixtures/client'
import type { operator } from '@gatehouse/fixtures/operator'
import type { Test } from 'tap'

export const password = 'correct horse battery'

type System = {
  readonly ops: ReturnType<typeof operator>
  readonly api: ReturnType<typeof client>
}

export async function createAdmin(t: Test, { ops, api }: System) {
  const made = await ops(
    ['users', 'create', 'root@example.com', '--role', 'admin', '--password-stdin', '--json'],
    `${password}\n`
  )
  t.equal(made.code, 0, made.stderr)
  t.equal(made.stdout.trim().split('\n').length, 1, 'one document')
  const { id } = made.json.user as { id: string }
  const tokens = (await api.login('root@example.com', password)).body
  t.match(await api.call('/auth/me', { token: tokens.accessToken }), {
    body: { user: { roles: ['admin'] } }
  })

  t.match(await ops(['users', 'list']), { code: 0, stdout: /root@example\.com {2}admin/ })
  t.match(await ops(['users', 'roles', 'root@example.com', 'user', 'auditor', '--json']), {
    code: 0,
    json: { user: { id, roles: ['user', 'auditor'] } }
  })
  const refreshed = (await api.refresh(tokens.refreshToken)).body
  t.match(await api.call('/echo/x', { token: refreshed.accessToken }), {
    body: { headers: { 'x-auth-roles': 'user,auditor' } }
  })

  t.match(await ops(['sessions', 'list', '--user', id]), { code: 0, stdout: /1 session\n/ })
  t.match(await ops(['users', 'disable', id, '--yes', '--json']), { code: 0, json: { ended: 1 } })
  const refused = await eventually(
    () => api.call('/echo/x', { token: refreshed.accessToken }),
    ({ status }) => status === 401
  )
  t.match(refused, { status: 401, body: { code: 'SESSION_ENDED' } }, 'within a second')
  t.equal((await api.login('root@example.com', password)).status, 401)
  t.equal((await ops(['users', 'enable', id])).code, 0)
  const again = (await api.login('root@example.com', password)).body

  const ended = await ops(['sessions', 'end', again.session.id, '--yes'])
  t.match(ended, { code: 0, stdout: /1 session ended/ })
  t.equal((await api.refresh(again.refreshToken)).status, 401)
  const log = await ops(['audit', '--user', id, '--since', '1h', '--json'])
  const kinds = (log.json.events as { kind: string }[]).map(({ kind }) => kind)
  for (const kind of [
    'user-created',
    'roles-changed',
    'user-disabled',
    'user-enabled',
    'session-ended'
  ]) {
    t.ok(kinds.includes(kind), kind)
  }
  t.notMatch(log.stdout, password)
}

export async function generatePassword(t: Test, { ops, api }: System) {
  const made = await ops(['users', 'create', 'ada@example.com', '--json'])
  t.equal(made.code, 0, made.stderr)
  t.equal((await api.login('ada@example.com', String(made.json.password))).status, 200)
  t.notMatch((await ops(['users', 'list', '--json'])).stdout, String(made.json.password))
}

export async function inviteUser(t: Test, { ops, api }: System) {
  const invited = await ops(['users', 'invite', 'hopper@example.com', '--role', 'editor', '--json'])
  t.equal(invited.code, 0, invited.stderr)
  const { secret, invitation } = invited.json as { secret: string; invitation: { id: string } }
  const json = { email: 'hopper@example.com', password, invitation: secret }
  const registered = await api.call('/auth/register', { json })
  t.match(registered, { status: 201, body: { user: { roles: ['editor'] } } })
  t.match(await ops(['invitations', 'list']), { code: 0, stdout: /used/ })
  const late = await ops(['invitations', 'revoke', invitation.id])
  t.match(late, { code: 1, stderr: /no open invitation/ })
  const open = (await ops(['users', 'invite', '--days', '1', '--json'])).json
  const { id } = open.invitation as { id: string }
  t.match(await ops(['invitations', 'revoke', id]), { code: 0, stdout: /revoked/ })
  t.match(await ops(['users', 'invite', '--days', '0']), { code: 2, stderr: /--days must be/ })
}

export async function helpUser(t: Test, { ops, api }: System) {
  const { body } = await api.register('emmy@example.com', password)
  const { id } = body.user
  const tokens = (await api.login('emmy@example.com', password)).body
  const scoped = await ops(['users', 'scope', 'emmy@example.com', 'orders:read', '--json'])
  t.match(scoped, { code: 0, json: { user: { id, scope: ['orders:read'] } } })
  const moved = await ops(['users', 'email', 'emmy@example.com', 'emmy@new.example', '--json'])
  t.match(moved, { code: 0, json: { user: { id, email: 'emmy@new.example' } } })
  const refreshed = (await api.refresh(tokens.refreshToken)).body
  t.match(await api.call('/echo/x', { token: refreshed.accessToken }), {
    body: { headers: { 'x-auth-scope': 'orders:read', 'x-auth-email': 'emmy@new.example' } }
  })

  const set = await ops(['users', 'password', id, '--json'])
  t.match(set, { code: 0, json: { user: { id }, ended: 1, password: /^[\w-]{20}$/ } })
  const refused = await eventually(
    () => api.call('/echo/x', { token: refreshed.accessToken }),
    ({ status }) => status === 401
  )
  t.match(refused, { body: { code: 'SESSION_ENDED' } }, 'within a second')
  t.equal((await api.login('emmy@new.example', password)).status, 401)
  t.equal((await api.login('emmy@new.example', String(set.json.password))).status, 200)
  const given = await ops(['users', 'password', id, '--password-stdin'], `${password}\n`)
  t.match(given, { code: 0, stdout: /1 session ended/ })
  t.notMatch(given.stdout, password)
  const again = (await api.login('emmy@new.example', password)).body
  t.match(await ops(['users', 'show', id]), { code: 0, stdout: /emmy@new\.example.*\n\n1 live/ })

  t.match(await ops(['users', 'delete', id]), { code: 1, stdout: '', stderr: /--yes/ })
  const gone = await ops(['users', 'delete', 'emmy@new.example', '--yes', '--json'])
  t.match(gone, { code: 0, json: { id, ended: 1 } })
  const stranger = await eventually(
    () => api.call('/auth/me', { token: again.accessToken }),
    ({ status }) => status === 401
  )
  t.match(stranger, { body: { code: 'SESSION_ENDED' } }, 'within a second')
  t.equal((await api.login('emmy@new.example', password)).status, 401)
  const log = await ops(['audit', '--user', id, '--json'])
  t.notMatch(log.stdout, /emmy|127\.0\.0\.1/, 'the log has no personal data')
  const kinds = (log.json.events as { kind: string }[]).map(({ kind }) => kind)
  for (const kind of ['scope-changed', 'email-changed', 'password-set', 'user-deleted']) {
    t.ok(kinds.includes(kind), kind)
  }
}

export async function removeLostFactors(t: Test, { ops, api }: System) {
  await api.register('lost@example.com', password)
  const { accessToken: token, refreshToken } = (await api.login('lost@example.com', password)).body
  t.equal((await api.call('/auth/factors', { json: { type: 'totp' } })).status, 401)
  const added = await api.call('/auth/factors', { token, json: { type: 'totp', name: 'Phone' } })
  t.equal(added.status, 201, added.text)
  const { factor, secret } = added.body as { factor: { id: string }; secret: string }
  const json = { totp: shownCode(secret) }
  const confirmed = await api.call(`/auth/factors/${factor.id}/confirm`, { token, json })
  t.equal((confirmed.body.recoveryCodes as string[]).length, 10, confirmed.text)
  t.match(await ops(['users', 'factors', 'lost@example.com']), {
    code: 0,
    stdout: new RegExp(`${factor.id} +totp +Phone[^]*Recovery codes left: 10`)
  })
  t.match(await api.login('lost@example.com', password), {
    status: 401,
    body: { code: 'FACTOR_REQUIRED', factors: ['totp', 'recoveryCode'] }
  })
  const reset = ['users', 'reset-factors', 'lost@example.com']
  t.match(await ops(reset), { code: 1, stderr: /--yes/ })
  t.match(await ops([...reset, '--yes', '--json']), { code: 0, json: { removed: 1, ended: 1 } })
  t.equal((await api.refresh(refreshToken)).status, 401)
  t.equal((await api.login('lost@example.com', password)).status, 200)
}
