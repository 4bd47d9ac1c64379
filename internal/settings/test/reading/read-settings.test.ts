import { nearestName, similarName } from '@gatehouse/settings/nearest-name'
import { readSettings, SettingsFault } from '@gatehouse/settings/read-settings'
import fc from 'fast-check'
import t from 'tap'
import { Type } from 'typebox'
import { commonSettings } from '../../src/fragments/common-settings.ts'
import { host, port } from '../../src/fragments/listeners.ts'

const settings = {
  ...commonSettings,
  ROOM_PORT: port(3001),
  ROOM_HOST: host(),
  ROOM_SECRET: Type.String({ minLength: 32 }),
  ROOM_URL: Type.Optional(Type.String({ pattern: '^https?://' }))
}
const ROOM_SECRET = 'correct horse battery staple, and more of it'

const defaults = {
  NODE_ENV: 'development',
  LOG_LEVEL: 'info',
  DRAIN_LIMIT_SECONDS: 25,
  ROOM_PORT: 3001,
  ROOM_HOST: '127.0.0.1',
  ROOM_SECRET
}

/** The faults of an environment. If there are none, the test fails. */
function faultsOf(environment: Record<string, string | undefined>): SettingsFault {
  try {
    readSettings(settings, environment)
  } catch (error) {
    if (error instanceof SettingsFault) return error
    throw error
  }
  throw new Error('the settings were accepted')
}

t.test('an unset variable has its default', async (t) => {
  t.strictSame({ ...readSettings(settings, { ROOM_SECRET }) }, defaults)
})

t.test('an empty variable counts as unset', async (t) => {
  const empty = { LOG_LEVEL: '', ROOM_PORT: '', ROOM_HOST: '', ROOM_URL: '', NODE_ENV: undefined }
  t.strictSame({ ...readSettings(settings, { ...empty, ROOM_SECRET }) }, defaults)
  t.strictSame(faultsOf({ ROOM_SECRET: '' }).faults, faultsOf({}).faults, 'also a required one')
})

t.test(
  'texts are converted to the types of the settings, and other variables are ignored',
  async (t) => {
    const read = readSettings(settings, { ROOM_SECRET, ROOM_PORT: '0', HOME: '/home/ada' })
    t.strictSame({ ...read }, { ...defaults, ROOM_PORT: 0 })
  }
)

t.test('all faults are reported at once, each by the name of its variable', async (t) => {
  const fault = faultsOf({ LOG_LEVEL: 'loud', ROOM_PORT: '65536', ROOM_URL: 'ftp://files' })
  const names = fault.faults.map((line) => line.split(' ', 1)[0])
  t.strictSame(names.sort(), ['LOG_LEVEL', 'ROOM_PORT', 'ROOM_SECRET', 'ROOM_URL'])
  t.equal(fault.name, 'SettingsFault')
  t.match(fault.message, /^Invalid settings:\n/)
  for (const line of fault.faults) t.ok(fault.message.includes(`\n  - ${line}`), line)
})

t.test('a port is a whole number that a listener can have', async (t) => {
  for (const ROOM_PORT of ['-1', '65536', '3000.5', '3000x', 'http', '0x50g']) {
    t.match(faultsOf({ ROOM_SECRET, ROOM_PORT }).faults, [/^ROOM_PORT must be/], ROOM_PORT)
  }
})

t.test('a fault never contains the value', async (t) => {
  const CANARY = 'kept-to-itself'
  const value = fc.string({ maxLength: 10 }).map((end) => `${CANARY}${end}`)
  const names = ['NODE_ENV', 'LOG_LEVEL', 'ROOM_PORT', 'ROOM_SECRET', 'ROOM_URL']
  fc.assert(
    fc.property(fc.constantFrom(...names), value, (name, value) => {
      const fault = faultsOf({ ROOM_SECRET, [name]: value })
      return (
        fault.message.includes(name) && !JSON.stringify([fault, fault.message]).includes(CANARY)
      )
    })
  )
  t.notOk(faultsOf({ ROOM_SECRET: CANARY }).cause, 'nor does its cause')
})

t.test('the nearest name is the most likely one', async (t) => {
  const names = [
    'scopes',
    'roles',
    'stripPrefix',
    'methods',
    'limit',
    'answerSeconds',
    'production'
  ]
  const meant: Record<string, string | undefined> = {
    scope: 'scopes',
    socpes: 'scopes',
    SCOPES: 'scopes',
    strip_prefix: 'stripPrefix',
    method: 'methods',
    limits: 'limit',
    lmit: 'limit',
    prod: 'production',
    rules: 'roles',
    timeout: undefined,
    x: undefined,
    '': undefined,
    li: undefined
  }
  for (const [typed, name] of Object.entries(meant)) t.equal(nearestName(typed, names), name, typed)
  t.equal(similarName('prod', names), undefined, 'a beginning is not a misspelling')
  t.equal(nearestName('b', ['a']), undefined, 'one letter is like no other')
})
