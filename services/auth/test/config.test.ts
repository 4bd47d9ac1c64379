import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { settingsFaults } from '@gatehouse/fixtures/settings-faults'
import t from 'tap'
import { authSettings, readConfig } from '../src/config.ts'

const faults = (environment: Record<string, string>) =>
  settingsFaults(() => readConfig(environment))

t.test('without settings the service has the documented defaults', async (t) => {
  t.match(readConfig({}), {
    NODE_ENV: 'development',
    AUTH_PORT: 3001,
    AUTH_OPS_PORT: 3901,
    AUTH_HOST: '127.0.0.1',
    AUTH_ACCESS_TTL_SECONDS: 300,
    AUTH_REFRESH_GRACE_SECONDS: 10,
    AUTH_REFRESH_IDLE_SECONDS: 1_209_600,
    AUTH_REFRESH_ABSOLUTE_SECONDS: 7_776_000,
    AUTH_SESSIONS_PER_USER: 20,
    AUTH_SIGNING_ALGORITHM: 'ES256',
    ALLOWED_ORIGINS: ''
  })
})

t.test('all faults of the settings are reported at once', async (t) => {
  const told = faults({
    AUTH_PORT: '70000',
    AUTH_ACCESS_TTL_SECONDS: '0',
    AUTH_REFRESH_GRACE_SECONDS: '-1',
    AUTH_SIGNING_ALGORITHM: 'HS256',
    REDIS_URL: 'http://redis',
    GATEWAY_KEYS_URL: 'ftp://x',
    // Faults that no schema finds
    ALLOWED_ORIGINS: '*',
    AUTH_MAIL_URL: 'ftp://mail'
  })
  t.strictSame(told.map((fault) => fault.split(/[ :]/)[0]).sort(), [
    'ALLOWED_ORIGINS',
    'AUTH_ACCESS_TTL_SECONDS',
    'AUTH_MAIL_URL',
    'AUTH_PORT',
    'AUTH_REFRESH_GRACE_SECONDS',
    'AUTH_SIGNING_ALGORITHM',
    'GATEWAY_KEYS_URL',
    'REDIS_URL'
  ])
})

t.test('a new user gets no scope with quotation marks', async (t) => {
  t.strictSame(faults({ AUTH_NEW_USER_SCOPE: '"orders:read"' }), [
    'AUTH_NEW_USER_SCOPE must be a list of words without quotation mark and backslash; remove the quotation marks around it'
  ])
})

t.test('whatever a setting contains, its fault is reported and nothing else fails', async (t) => {
  const NODE_ENV = 'production'
  for (const name of Object.keys(authSettings)) {
    for (const value of ['no such value', '-1', 'http://[']) {
      t.doesNotThrow(() => faults({ NODE_ENV, [name]: value }), `${name}=${value}`)
    }
  }
})

t.test('a role cannot need a second factor where no user can add one', async (t) => {
  const roles = { AUTH_SECOND_FACTOR_ROLES: 'admin' }
  t.match(faults({ ...roles, AUTH_SECOND_FACTOR: 'off' }), [/AUTH_SECOND_FACTOR=optional/])
  t.strictSame(faults(roles), [])
})

t.test('in a cluster, replicas cannot be required for revocations', async (t) => {
  const replicas = { REDIS_REVOCATION_REPLICAS: '1' }
  t.match(faults({ ...replicas, REDIS_URL: 'redis+cluster://a:7000' }), [
    /REDIS_REVOCATION_REPLICAS/
  ])
  t.strictSame(faults({ ...replicas, REDIS_URL: 'redis+sentinel://a/main' }), [])
})

t.test('the audit log is kept for as long as a session, at least', async (t) => {
  t.match(faults({ AUTH_AUDIT_RETENTION_DAYS: '89' }), [/^AUTH_AUDIT_RETENTION_DAYS must be 0, or/])
  for (const AUTH_AUDIT_RETENTION_DAYS of ['0', '90', '400']) {
    t.strictSame(faults({ AUTH_AUDIT_RETENTION_DAYS }), [])
  }
})

t.test('private hosts of webhooks are names, addresses or networks', async (t) => {
  const ofHosts = (AUTH_WEBHOOK_PRIVATE_HOSTS: string) => faults({ AUTH_WEBHOOK_PRIVATE_HOSTS })
  t.strictSame(ofHosts('hooks.internal, 10.0.0.0/8 fd00::/8 127.0.0.1 ::1'), [])
  for (const host of ['https://hooks.internal', '10.0.0.0/33', '::/129', 'a/8', '10.0.0', '*']) {
    t.match(ofHosts(host), [/^AUTH_WEBHOOK_PRIVATE_HOSTS: ".*" is neither a host name/], host)
  }
})

t.test('an invalid database address is reported like every other fault', async (t) => {
  t.strictSame(faults({ DATABASE_URL: 'postgres://a:secret@db/x?sslmode=on' }), [
    'DATABASE_URL: sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full'
  ])
  t.match(faults({ DATABASE_URL: 'mysql://x/y' }), [
    /^DATABASE_URL: it must have the form postgres:/
  ])
  t.strictSame(faults({ DATABASE_URL: 'sqlite:/var/lib/auth.sqlite' }), [
    'DATABASE_URL: for SQLite, the value must be exactly "sqlite:" (GATEHOUSE_DATA_DIR names the folder of the file)'
  ])
})

t.test('a password without an address is a fault', async (t) => {
  t.match(faults({ DATABASE_PASSWORD: 'x' }), [/^DATABASE_PASSWORD has no effect without/])
  t.match(faults({ DATABASE_PASSWORD: 'x', DATABASE_URL: 'sqlite:' }), [
    /^DATABASE_PASSWORD has no/
  ])
  t.match(faults({ REDIS_PASSWORD: 'x' }), [/^REDIS_PASSWORD has no effect without REDIS_URL/])
})

t.test('a drain longer than its limit is a fault of the auth service', async (t) => {
  const told = [/^DRAIN_SECONDS must be at most 20 /]
  t.match(faults({ DRAIN_SECONDS: '30', DRAIN_LIMIT_SECONDS: '20' }), told)
})

t.test('the grace window may be 0', async (t) => {
  t.equal(readConfig({ AUTH_REFRESH_GRACE_SECONDS: '0' }).AUTH_REFRESH_GRACE_SECONDS, 0)
})

t.test('an origin that no browser sends is a fault', async (t) => {
  t.match(faults({ ALLOWED_ORIGINS: 'null' }), [/^ALLOWED_ORIGINS must be/])
})

t.test('in production, secrets have no default', async (t) => {
  t.strictSame(faults({ NODE_ENV: 'production' }), [
    'AUTH_REFRESH_KEYS (or AUTH_REFRESH_KEYS_FILE) must be set in production',
    'AUTH_KEY_ENCRYPTION_KEY (or AUTH_KEY_ENCRYPTION_KEY_FILE) must be set in production',
    'AUTH_OPS_TOKEN (or AUTH_OPS_TOKEN_FILE) must be set in production'
  ])
  const file = join(dataFolder(t), 'key')
  writeFileSync(file, 'x\n')
  const given = {
    AUTH_OPS_TOKEN: 'x',
    AUTH_REFRESH_KEYS: '1:x',
    AUTH_KEY_ENCRYPTION_KEY_FILE: file
  }
  t.strictSame(faults({ NODE_ENV: 'production', ...given }), [], 'a file will do')
  const redis = { ...given, NODE_ENV: 'production', REDIS_URL: 'redis://redis' }
  t.match(faults(redis), [/^DATABASE_URL must be set if REDIS_URL is set in production/])
  t.strictSame(
    faults({ ...redis, DATABASE_URL: 'sqlite:' }),
    [],
    'SQLite by the word of the operator'
  )
  t.equal(readConfig({ DATABASE_URL: 'sqlite:' }).database, null)
  const DATABASE_URL = 'postgres://gatehouse:gatehouse@postgres/gatehouse'
  t.strictSame(faults({ NODE_ENV: 'production', ...given, DATABASE_URL }), [
    'DATABASE_URL must not have the password of docker-compose.yml in production'
  ])
  const beside = { DATABASE_URL: 'postgres://gatehouse@postgres/gatehouse' }
  t.match(faults({ NODE_ENV: 'production', ...given, ...beside, DATABASE_PASSWORD: 'gatehouse' }), [
    /must not have the password of docker-compose/
  ])
})

t.test(
  'a misspelt setting and a secret given twice are faults, and other unknown names warnings',
  async (t) => {
    t.strictSame(faults({ AUTH_ACCES_TTL_SECONDS: '60', DATABASE_POOLSIZE: '5' }), [
      'AUTH_ACCES_TTL_SECONDS is not a setting (nearest: AUTH_ACCESS_TTL_SECONDS)',
      'DATABASE_POOLSIZE is not a setting (nearest: DATABASE_POOL_SIZE)'
    ])
    t.strictSame(faults({ AUTH_REFRESH_KEYS: '1:x', AUTH_REFRESH_KEYS_FILE: '/nowhere' }), [
      'AUTH_REFRESH_KEYS and AUTH_REFRESH_KEYS_FILE are both set; set one of them'
    ])
    const platform = {
      DATABASE_URL_UNPOOLED: 'x',
      DATABASE_USER: 'x',
      AUTH_URL: 'x',
      AUTH_OPS_URL: 'x',
      AUTH_SERVICE_HOST: 'x'
    }
    t.strictSame(readConfig(platform).warnings, [
      'DATABASE_URL_UNPOOLED is not a setting',
      'DATABASE_USER is not a setting'
    ])
  }
)

t.test('in production, the default issuer causes a warning', async (t) => {
  const secrets = { AUTH_OPS_TOKEN: 'x', AUTH_REFRESH_KEYS: 'x', AUTH_KEY_ENCRYPTION_KEY: 'x' }
  const production = { NODE_ENV: 'production', ...secrets }
  t.match(readConfig(production).warnings, [/^TOKEN_ISSUER is not set/])
  t.strictSame(readConfig({ ...production, TOKEN_ISSUER: 'https://a.example' }).warnings, [])
})

t.test(
  'in production, a database whose certificate is not verified causes a warning',
  async (t) => {
    const secrets = { AUTH_OPS_TOKEN: 'x', AUTH_REFRESH_KEYS: 'x', AUTH_KEY_ENCRYPTION_KEY: 'x' }
    const common = { ...secrets, TOKEN_ISSUER: 'https://a.example' }
    const warnings = (url: string, settings: Record<string, string> = {}) =>
      readConfig({ NODE_ENV: 'production', ...common, DATABASE_URL: url, ...settings }).warnings
    const authority = join(dataFolder(t), 'authority.pem')
    writeFileSync(authority, rootCertificates[0] ?? '')
    const own = `&sslrootcert=${authority}`
    for (const scheme of ['postgres', 'postgresql']) {
      const url = `${scheme}://ada:secret@db.example/app`
      for (const mode of ['allow', 'prefer', 'require']) {
        t.match(warnings(`${url}?sslmode=${mode}`), [
          new RegExp(
            `^DATABASE_SSLMODE: .* at db.example .*sslmode=${mode}.* not verify .*=verify-full`
          )
        ])
      }
      t.match(warnings(url), [/sslmode=prefer/], 'the default')
      t.match(warnings(url, { DATABASE_SSLMODE: 'disable' }), [/sslmode=disable\) has no TLS/])
      t.notMatch(`${warnings(url)}`, /secret|ada/)
      t.strictSame(warnings(`${url}?sslmode=verify-full`), [])
      t.strictSame(warnings(`${url}?sslmode=verify-ca${own}`), [])
      t.strictSame(warnings(`${url}?sslmode=require${own}`), [], 'as libpq, with an authority')
    }
    for (const local of ['/app?host=/run/postgresql', '127.0.0.1:5432/app', '[::1]/app']) {
      t.strictSame(warnings(`postgres://ada:secret@${local}`), [], `${local} is this machine`)
    }
    t.strictSame(warnings('postgres://db.example/app', { NODE_ENV: 'development' }), [])
  }
)
