import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import t from 'tap'
import { readProviders } from '../../src/providers/provider-file.ts'

const folder = dataFolder(t)
const file = join(folder, 'providers.json')
const acme = { id: 'acme', name: 'Acme', issuer: 'https://acme.example', clientId: 'x' }

/** The providers in a file, or its faults. */
function read(content: unknown): unknown {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  try {
    return readProviders({ AUTH_PROVIDERS_FILE: file })
  } catch (error) {
    if (error instanceof SettingsFault) return error.faults
    throw error
  }
}

const noMapping = { roleMapping: [], claimMapping: [], mappingDays: 90 }

const faults = (...entries: object[]) => read({ providers: entries })
const at = (text: string) => [`AUTH_PROVIDERS_FILE: ${file}: ${text}`]

t.test('every fault of the file of providers is named', async (t) => {
  t.strictSame(readProviders({}), [], 'without a file, there are none')
  t.strictSame(read('{'), at('the file must be JSON'))
  t.match(read({ providers: [] }), [/providers must/])
  t.match(faults({ ...acme, id: 'A' }), [/providers.0.id must/])
  t.match(faults({ ...acme, secret: 'x' }), [/providers.0.secret is not known/])
  t.strictSame(
    faults(acme, { ...acme, issuer: 'https://b.example' }),
    at('providers.1.id acme is used twice')
  )
  const twice = { ...acme, id: 'other', issuer: 'https://ACME.example/' }
  t.strictSame(faults(acme, twice), at('providers.1.issuer is used twice'))
  t.strictSame(faults({ ...acme, scopes: ['email'] }), at('providers.0.scopes must contain openid'))
  for (const issuer of [
    'http://acme.example',
    'acme.example',
    'file:///etc/passwd',
    'https://user@acme.example',
    'https://acme.example/?x=1',
    'https://acme.example/#x',
    'https://acme.example/.well-known/openid-configuration'
  ]) {
    const text =
      'providers.0.issuer must be an https URL without user, query and fragment, not its metadata'
    t.strictSame(faults({ ...acme, issuer }), at(text), issuer)
  }
  for (const tenant of ['common', 'organizations', 'consumers']) {
    const issuer = `https://login.microsoftonline.com/${tenant}/v2.0`
    t.strictSame(
      faults({ ...acme, issuer }),
      at('providers.0.issuer must have the id of your tenant'),
      tenant
    )
  }
  writeFileSync(join(folder, 'empty'), '\n')
  const clientSecretFile = join(folder, 'empty')
  t.strictSame(faults({ ...acme, clientSecretFile }), [
    `AUTH_PROVIDERS_FILE: ${clientSecretFile} is empty`
  ])
})

t.test('an entry of GitHub has the addresses of its server', async (t) => {
  writeFileSync(join(folder, 'secret'), 'of the app\n')
  const clientSecretFile = join(folder, 'secret')
  const github = { id: 'github', kind: 'github', name: 'GitHub', clientId: 'x', clientSecretFile }
  const defaults = { domains: [], linking: 'signed-in', registration: true, ...noMapping }
  const { clientSecretFile: _file, ...shown } = github
  const read = { ...shown, ...defaults, clientSecret: 'of the app' }
  t.strictSame(faults(github, { ...github, id: 'own', url: 'https://GIT.example/' }), [
    {
      ...read,
      url: 'https://github.com',
      issuer: 'https://github.com/login/oauth',
      api: 'https://api.github.com'
    },
    {
      ...read,
      id: 'own',
      url: 'https://git.example',
      issuer: 'https://git.example/login/oauth',
      api: 'https://git.example/api/v3'
    }
  ])
  t.match(faults({ ...github, url: 'https://acme.ghe.com' }), [
    { issuer: 'https://acme.ghe.com/login/oauth', api: 'https://api.acme.ghe.com' }
  ])
  for (const url of [
    'github.com',
    'http://git.example',
    'https://git.example/x',
    'https://git.example/?x',
    'https://u@git.example'
  ]) {
    t.strictSame(
      faults({ ...github, url }),
      at('providers.0.url must be an https address without a path, such as https://github.com'),
      url
    )
  }
  t.strictSame(
    faults(github, { ...github, id: 'again', url: 'https://GitHub.com/' }),
    at('providers.1.url is used twice')
  )
  const claimed = { ...acme, issuer: 'https://github.com/login/oauth' }
  t.strictSame(faults(github, claimed), at('providers.1.issuer is used twice'))
  for (const kind of ['gitlab', '__proto__', 7, null]) {
    const text = 'providers.0.kind must be one of openid, github'
    t.strictSame(faults({ ...github, kind }), at(text), String(kind))
  }
  t.match(faults({ ...github, issuer: 'https://x.example' }), [/providers.0.issuer is not known/])
  t.match(faults({ ...acme, url: 'https://x.example' }), [/providers.0.url is not known/])
  t.match(faults({ ...github, clientSecretFile: undefined }), [
    /providers.0.clientSecretFile is missing/
  ])
})

t.test('a mapping names its claims, values and roles one by one', async (t) => {
  const role = { claim: 'groups', value: 'editors', roles: ['editor'] }
  for (const [wrong, fault] of [
    [{ ...role, roles: ['*', 'x y'] }, /roleMapping.0.roles.1 must/],
    [{ ...role, roles: [] }, /roleMapping.0.roles must/],
    [{ ...role, value: ['editors'] }, /roleMapping.0.value must/],
    [{ ...role, value: undefined }, /roleMapping.0.value is missing/],
    [{ ...role, claim: '' }, /roleMapping.0.claim must/],
    [{ ...role, claim: '/a//b' }, /roleMapping.0.claim must/],
    [{ ...role, pattern: '.*' }, /roleMapping.0.pattern is not known/]
  ] as const) {
    t.match(faults({ ...acme, roleMapping: [wrong] }), [fault])
  }
  const claim = { claim: 'tid', as: 'tenant_id' }
  for (const as of ['roles', 'Scope', 'sub', 'email', 'acr', 'tenant id', '__proto__']) {
    t.strictSame(
      faults({ ...acme, claimMapping: [{ ...claim, as }] }),
      at('providers.0.claimMapping.0.as must be a name that a claim of a user can have'),
      as
    )
  }
  t.strictSame(
    faults({ ...acme, claimMapping: [claim, { ...claim, claim: 'org' }] }),
    at('providers.0.claimMapping.1.as tenant_id is used twice')
  )
  writeFileSync(join(folder, 'secret'), 'of the app\n')
  const clientSecretFile = join(folder, 'secret')
  const github = { id: 'github', kind: 'github', name: 'GitHub', clientId: 'x', clientSecretFile }
  t.strictSame(
    faults({ ...github, roleMapping: [{ ...role, claim: 'groups' }] }),
    at('providers.0.roleMapping and claimMapping: groups is none of organizations, teams, email')
  )
})

t.test('what the file leaves out has a default', async (t) => {
  writeFileSync(join(folder, 'secret'), 'of the client\n')
  const entry = { ...acme, domains: ['Example.com'], clientSecretFile: join(folder, 'secret') }
  t.strictSame(faults(entry, { ...acme, id: 'local', issuer: 'http://127.0.0.1:8080/realms/x' }), [
    {
      ...acme,
      kind: 'openid',
      clientAuthentication: 'basic',
      scopes: ['openid', 'email'],
      reauthentication: true,
      domains: ['example.com'],
      require: {},
      linking: 'signed-in',
      registration: true,
      ...noMapping,
      clientSecret: 'of the client'
    },
    {
      ...acme,
      id: 'local',
      issuer: 'http://127.0.0.1:8080/realms/x',
      kind: 'openid',
      clientAuthentication: 'basic',
      scopes: ['openid', 'email'],
      reauthentication: true,
      domains: [],
      require: {},
      linking: 'signed-in',
      registration: true,
      ...noMapping,
      clientSecret: null
    }
  ])
})
