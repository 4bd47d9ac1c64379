import { writeFileSync } from 'node:fs'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import type { Announcement } from '@gatehouse/fleet/fleet'
import { memoryFleet } from '@gatehouse/fleet/memory-fleet'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import t, { type Test } from 'tap'
import { carryOut } from '../../src/commands/carry-out.ts'
import { readRouteTable } from '../../src/routes/table/load-route-table.ts'
import { validatePastedTable } from '../../src/routes/table/validation/validate-pasted-table.ts'

const tableOf = (address: string, more = '') => `
upstreams: { orders: { addresses: ['${address}']${more} } }
routes:
  - { name: orders, prefix: /orders, upstream: orders }
`
const current = readRouteTable(tableOf('http://orders:3002'), {})

/** Gateways of one fleet, each with its drain. */
function gateways(names: readonly string[]) {
  const fleet = memoryFleet(() => 0)
  const drained = new Map(names.map((name) => [name, false]))
  const gateway = (name: string) => {
    const announce = () => fleet.announce(announcement(name, drained.get(name) === true))
    const ports = {
      fleet,
      instance: name,
      announce,
      drain: {
        get isDrained() {
          return drained.get(name) === true
        },
        set: (isDrained: boolean) => void drained.set(name, isDrained)
      },
      routes: {
        current: () => current,
        warnings: () => [],
        reload: () => ['routes.yaml:1:1: it is empty'],
        validate: async () => {
          throw new SettingsFault(['routes.yaml:1:1: it is empty'])
        }
      }
    }
    return ports
  }
  return { drained, all: names.map(gateway) }
}

const announcement = (
  name: string,
  drained: boolean,
  failing = drained ? ['an operator has drained it'] : []
): Announcement => ({
  id: name,
  name,
  keySetVersion: '',
  kids: [],
  revocationCursor: '',
  revocationLagSeconds: 0,
  assertionJwk: '{}',
  vitals: {
    version: '0.1.0',
    startedAtMs: 0,
    memoryBytes: 0,
    requests: 0,
    refusals: 0,
    serverErrors: 0,
    p99Seconds: null,
    routesVersion: '',
    instance: name,
    drained,
    failing
  }
})

t.test('the last gateway that serves clients is drained only by force', async (t) => {
  const { drained, all } = gateways(['a', 'b'])
  const [a, b] = all
  if (a === undefined || b === undefined) throw new Error('two gateways')
  for (const one of all) await one.announce()
  t.match(await carryOut({ kind: 'drain', force: false }, a), { done: true, faults: [] })
  t.match(await carryOut({ kind: 'drain', force: false }, a), { done: true }, 'again')
  t.match(await carryOut({ kind: 'drain', force: false }, b), {
    done: false,
    faults: [/no other live gateway/]
  })
  t.strictSame([...drained.values()], [true, false])
  t.match(await carryOut({ kind: 'drain', force: true }, b), { done: true })
  t.match(await carryOut({ kind: 'undrain' }, a), { done: true })
  t.strictSame([...drained.values()], [false, true])
})

t.test('a gateway that is not ready is not one that serves clients', async (t) => {
  const { drained, all } = gateways(['a', 'b'])
  const [a, b] = all
  if (a === undefined || b === undefined) throw new Error('two gateways')
  await a.announce()
  await b.fleet.announce(announcement('b', false, ['the process is ending']))
  t.match(await carryOut({ kind: 'drain', force: false }, a), { done: false })
  t.equal(drained.get('a'), false)
  await b.announce()
  t.match(await carryOut({ kind: 'drain', force: false }, a), { done: true })
})

t.test('of gateways that are drained at the same time, at least one stays', async (t) => {
  for (let round = 0; round < 20; round += 1) {
    const { drained, all } = gateways(['a', 'b', 'c'])
    for (const one of all) await one.announce()
    await Promise.all(all.map((one) => carryOut({ kind: 'drain', force: false }, one)))
    t.ok([...drained.values()].includes(false), `round ${round}`)
  }
})

t.test('a table with faults is reported, and not used', async (t) => {
  const { all } = gateways(['a'])
  const [a] = all
  if (a === undefined) throw new Error('a gateway')
  for (const order of [{ kind: 'reload' }, { kind: 'validate', table: '' }] as const) {
    t.match(await carryOut(order, a), { done: false, faults: ['routes.yaml:1:1: it is empty'] })
  }
})

/** Validates a table with a secret in the environment of the gateway. */
function validation(t: Test) {
  const file = `${dataFolder(t)}/routes.yaml`
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the table
  writeFileSync(file, tableOf('${ORDERS_URL}'))
  const environment = { ORDERS_URL: 'http://orders:3002', REDIS_URL: 'redis://:secret@redis' }
  const validate = (yaml: string) =>
    validatePastedTable(yaml, { environment, file, files: current.files })
  return validate
}

t.test('a pasted table shows no secret of the machine', async (t) => {
  const validate = validation(t)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: variables of tables
  const [own, other] = ['${ORDERS_URL}', '${REDIS_URL}']
  t.equal(validate(tableOf(own)).routes.length, 1)
  const fault = (yaml: string): string => {
    try {
      validate(yaml)
      return ''
    } catch (error) {
      return String(error)
    }
  }
  t.match(fault(tableOf(other)), /REDIS_URL cannot be used here/)
  t.notMatch(fault(tableOf(other)), /secret/)
  t.match(fault(tableOf('not a URL')), /routes.yaml:2:\d+/)
  const tls = ", tls: { caFile: '/etc/hostname' }"
  t.equal(fault(tableOf('https://orders:3002', tls)), '', 'no file of the machine is read')
})
