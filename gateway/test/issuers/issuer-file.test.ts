import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import type { SettingsFault } from '@gatehouse/settings/read-settings'
import t, { type Test } from 'tap'
import { loadIssuers } from '../../src/issuers/issuer-file.ts'

function load(t: Test, yaml: string) {
  const file = join(dataFolder(t), 'issuers.yaml')
  writeFileSync(file, yaml)
  return loadIssuers(file, 'https://own.example')
}
const faults = (t: Test, ...rows: string[]): string => {
  try {
    load(t, `issuers:\n${rows.map((row) => `  - { ${row} }\n`).join('')}`)
    return ''
  } catch (error) {
    return (error as SettingsFault).faults.join('\n')
  }
}
const row = 'name: acme, issuer: https://acme.example, audience: api'

t.test('an issuer has a name, an iss and an audience; the rest may be left to it', async (t) => {
  t.strictSame(load(t, `issuers:\n  - { ${row} }\n`), [
    {
      ...{ name: 'acme', issuer: 'https://acme.example', audience: 'api' },
      ...{ types: ['at+jwt'], claims: {} }
    }
  ])
})

t.test('a file with a fault is not used, and every fault is told', async (t) => {
  t.match(faults(t, `${row}, extra: 1`), /GATEWAY_ISSUERS_FILE/)
  t.match(faults(t, 'name: acme'), /issuer/)
  t.match(faults(t, `${row}, types: [id+jwt]`), /types/)
  t.match(faults(t, row, row), /trusted already.*\n.*the name is used twice/)
  t.match(faults(t, 'name: own, issuer: https://own.example, audience: a'), /trusted already/)
  for (const url of ['http://acme.example/jwks', 'file:///etc/passwd', 'acme']) {
    t.match(faults(t, `${row}, jwksUrl: '${url}'`), /not an address of https/, url)
    t.match(faults(t, `${row}, discoveryUrl: '${url}'`), /not an address of https/, url)
  }
  t.equal(faults(t, `${row}, jwksUrl: 'http://127.0.0.1:1/jwks'`), '', 'on this machine')
  t.match(faults(t, `${row}, jwksUrl: 'https://a/b', discoveryUrl: 'https://a/b'`), /exclude/)
  t.throws(() => loadIssuers('nowhere.yaml', ''), { name: 'SettingsFault', message: /nowhere/ })
})
