import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { settingsFaults } from '@gatehouse/fixtures/settings-faults'
import { type Environment, readSettings } from '@gatehouse/settings/read-settings'
import { isGiven, paddedSecrets, secret } from '@gatehouse/settings/secret'
import t from 'tap'
import { commonSettings } from '../../src/fragments/common-settings.ts'
import { port } from '../../src/fragments/listeners.ts'

const settings = {
  ...commonSettings,
  ...secret('DOOR_PASSWORD'),
  ...secret('DOOR_TOKEN'),
  DOOR_PORT: port(3001)
}
const CANARY = 'kept-to-itself'
const folder = dataFolder(t)

/** A file with a secret. */
function fileWith(content: string | Buffer, name = 'secret'): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

/** The message for settings that cannot be used. */
const faultsOf = (environment: Environment) =>
  settingsFaults(() => readSettings(settings, environment))

t.test(
  'a secret is read from the file that NAME_FILE names, without its last line break',
  async (t) => {
    for (const [content, value] of [
      [CANARY, CANARY],
      [`${CANARY}\n`, CANARY],
      [`${CANARY}\r\n`, CANARY],
      [`\uFEFF${CANARY}\n`, CANARY],
      [`${CANARY}\n\n`, `${CANARY}\n`],
      [` ${CANARY} \n`, ` ${CANARY} `],
      ['pä%ss/w@rd:\n', 'pä%ss/w@rd:']
    ] as const) {
      const DOOR_PASSWORD_FILE = fileWith(content)
      const read = readSettings(settings, { DOOR_PASSWORD_FILE })
      t.equal(read.DOOR_PASSWORD, value, JSON.stringify(content))
    }
    t.equal(readSettings(settings, { DOOR_PASSWORD: CANARY }).DOOR_PASSWORD, CANARY, 'or as it is')
    t.equal(readSettings(settings, {}).DOOR_PASSWORD, undefined, 'or absent')
  }
)

t.test('white space around a password in a file is a warning without the password', async (t) => {
  const padded = (content: string) => {
    const read = readSettings(settings, { DOOR_PASSWORD_FILE: fileWith(content) })
    return paddedSecrets(read, ['DOOR_PASSWORD', 'DOOR_TOKEN'])
  }
  const line = 'DOOR_PASSWORD_FILE: the secret begins or ends with white space, which is part of it'
  for (const content of [`${CANARY} \n`, ` ${CANARY}`, `${CANARY}\n\n`]) {
    t.strictSame(padded(content), [line], JSON.stringify(content))
  }
  for (const content of [CANARY, `${CANARY}\r\n`, 'two words\n']) t.strictSame(padded(content), [])
})

t.test('a fault of a value in quotation marks says to remove them', async (t) => {
  const hint = /; remove the quotation marks around it$/
  t.match(faultsOf({ DOOR_PORT: '"3001"' }), [hint])
  t.match(faultsOf({ DOOR_PORT: "'3001'" }), [hint])
  t.notMatch(faultsOf({ DOOR_PORT: '3001"' }).join(), hint)
  const ofAddress = () =>
    readSettings(settings, { DOOR_TOKEN: '"x"' }, () => ['DOOR_TOKEN: it must begin with y'])
  t.match(settingsFaults(ofAddress), [
    'DOOR_TOKEN: it must begin with y; remove the quotation marks'
  ])
})

t.test(
  'a secret file that cannot be used is one fault, with the setting and the file',
  async (t) => {
    const missing = join(folder, 'missing')
    const empty = fileWith('\n', 'empty')
    const binary = fileWith(Buffer.from([0x6b, 0xff, 0x00]), 'binary')
    const below = join(fileWith(CANARY, 'file'), 'below')
    for (const [file, reason] of [
      [missing, `cannot read ${missing}: no such file or folder`],
      [folder, `cannot read ${folder}: it is a folder`],
      [empty, `${empty} is empty`],
      [binary, `cannot read ${binary}: it is not UTF-8 text`],
      [below, `cannot read ${below}: a part of the path is not a folder`]
    ] as const) {
      t.strictSame(faultsOf({ DOOR_PASSWORD_FILE: file }), [`DOOR_PASSWORD_FILE: ${reason}`])
    }
  }
)

const NOBODY = 65_534

t.test('a file that this user may not read is a fault', async (t) => {
  const file = fileWith(CANARY, 'closed')
  chmodSync(file, 0)
  const fault = `DOOR_PASSWORD_FILE: cannot read ${file}: permission denied`
  // Root may read every file, so this call runs as another user.
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(NOBODY)
  const faults = faultsOf({ DOOR_PASSWORD_FILE: file })
  if (isRoot) process.seteuid?.(0)
  t.strictSame(faults, [fault])
})

t.test('a secret that is given in both ways is a fault, reported with all others', async (t) => {
  const file = fileWith(CANARY)
  const faults = faultsOf({
    DOOR_PASSWORD: CANARY,
    DOOR_PASSWORD_FILE: file,
    DOOR_TOKEN_FILE: '/nowhere',
    DOOR_PORT: 'high'
  })
  t.strictSame(faults, [
    'DOOR_PORT must be a whole number from 0 to 65535',
    'DOOR_PASSWORD and DOOR_PASSWORD_FILE are both set; set one of them',
    'DOOR_TOKEN_FILE: cannot read /nowhere: no such file or folder'
  ])
  t.notMatch(faults.join(), CANARY)
  t.equal(
    readSettings(settings, { DOOR_PASSWORD: '', DOOR_PASSWORD_FILE: file }).DOOR_PASSWORD,
    CANARY,
    'empty is unset'
  )
})

t.test('a secret counts as given as a value and as a file', async (t) => {
  t.equal(isGiven({ DOOR_TOKEN: 'x' }, 'DOOR_TOKEN'), true)
  t.equal(isGiven({ DOOR_TOKEN_FILE: '/x' }, 'DOOR_TOKEN'), true)
  t.equal(isGiven({ DOOR_TOKEN: ' ', DOOR_TOKEN_FILE: '' }, 'DOOR_TOKEN'), false)
})
