import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { LONGEST_TABLE } from '@gatehouse/fleet/commands'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import t, { type Test } from 'tap'
import { readRouteTable } from '../../../src/routes/table/load-route-table.ts'
import { threadedValidation } from '../../../src/routes/table/validation/validate-in-thread.ts'

const good =
  "upstreams: { orders: 'http://orders:3002' }\nroutes: [{ name: a, prefix: /a, upstream: orders }]\n"
const current = readRouteTable(good, {})

/** Texts whose reading once took many seconds, or at full length minutes. */
const worst = {
  aliases: `x: &a 1\ny: [${'*a,'.repeat(LONGEST_TABLE / 12)}]\n`,
  faults: `upstreams: { a: 'http://a' }\nroutes:\n${'  - {}\n'.repeat(LONGEST_TABLE / 7 - 10)}`,
  names: `upstreams: {${Array.from({ length: 5000 }, (_, at) => `a${at}: 1`)}}\nroutes: []\n`
}

function validation(t: Test, limits?: { deadlineMs: number; memoryMb: number }) {
  const file = `${dataFolder(t)}/routes.yaml`
  writeFileSync(file, `${good}# \${LONG}\n`)
  const environment = { LONG: 'x'.repeat(20_000) }
  const validate = threadedValidation({ environment, file, recentSeconds: 900 }, limits)
  return (yaml: string): Promise<number | readonly string[]> =>
    validate(yaml, current).then(
      ({ routes, warnings }) => (warnings.length > 0 ? warnings : routes),
      (error) => {
        if (error instanceof SettingsFault) return error.faults
        throw error
      }
    )
}

t.test('the event loop turns while a pasted table is read', async (t) => {
  const validate = validation(t)
  for (const [name, yaml] of Object.entries(worst)) {
    let turns = 0
    let isRead = false
    const verdict = validate(yaml).finally(() => {
      isRead = true
    })
    while (!isRead) {
      await sleep(1)
      turns += 1
    }
    t.ok(Array.isArray(await verdict), `${name} has faults`)
    t.ok(turns > 10, `${name}: ${turns} turns`)
  }
})

t.test('one table is read at a time, and the next one after it', async (t) => {
  const validate = validation(t)
  const [first, second] = await Promise.all([validate(good), validate(good)])
  t.equal(first, 1)
  t.strictSame(second, ['the gateway is reading another table: try again in a few seconds'])
  t.equal(await validate(good), 1)
})

t.test('a table that takes too long, or too much memory, is refused', async (t) => {
  const slow = validation(t, { deadlineMs: 1, memoryMb: 128 })
  t.strictSame(await slow(worst.faults), ['the table takes too long to read'])
  t.strictSame(await slow(worst.faults), ['the table takes too long to read'], 'not busy')
  const large = validation(t, { deadlineMs: 60_000, memoryMb: 24 })
  t.strictSame(await large(worst.faults), ['the table takes too much memory to read'])
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the table
  const expanded = `y: [${'${LONG},'.repeat(LONGEST_TABLE / 8 - 10)}]\n`
  t.strictSame(await validation(t)(expanded), [
    'routes.yaml: the values of its variables make it too long'
  ])
})

t.test('the result names the rules of a table that the pages for users do not obey', async (t) => {
  const auth = `upstreams: { auth: 'http://auth:3001' }
routes:
  - { name: auth, prefix: /auth, upstream: auth, access: public }
  - { name: password, prefix: /auth/password, upstream: auth, maxLoginAgeSeconds: 60 }
`
  t.match(await validation(t)(auth), [
    /^GATEWAY_ROUTES: route password requires an access token for POST\. This does not apply/,
    /^GATEWAY_ROUTES: route password requires a login of at most 60 s/
  ])
})

t.test('the first faults are reported, with the number of the others', async (t) => {
  const faults = await validation(t)(worst.faults.split('\n').slice(0, 200).join('\n'))
  if (!Array.isArray(faults)) throw new Error('there are faults')
  t.equal(faults.length, 50)
  t.match(faults[0], /^routes.yaml:3:5: /)
  t.match(faults[49], /^and \d+ more faults$/)
})
