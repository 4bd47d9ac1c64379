import { MOST_GATEWAYS } from '@gatehouse/fleet/fleet'
import t from 'tap'
import { databaseKinds } from '../../fixtures/database/databases.ts'
import { activeKid, instances, source } from '../../fixtures/keys/key-instances.ts'

for (const kind of databaseKinds) {
  const { skip } = kind
  const title = (text: string) => `${kind.name}: ${text}`

  t.test(title('a key signs only when every live gateway has it'), { skip }, async (t) => {
    const { clock, one, gateway, kill, told, audited } = await instances(t, kind)
    const [signing = ''] = await activeKid(one)
    const { kid } = await one.operations.create(undefined, source)
    await gateway('edge-1', [signing, kid])
    await gateway('edge-2\u001b[2J', [signing])
    const told0 = told.length
    await t.rejects(one.operations.activate(kid, 'wait', source), {
      code: 'CONFLICT',
      detail: /because these gateways do not have it yet: edge-2\?\[2J$/
    })
    t.match(told.slice(told0), [{ kind: 'key-set' }], 'the new key set is announced')
    t.strictSame(await activeKid(one), [signing])
    await t.rejects(one.operations.activate(kid, 'now', source), { code: 'CONFLICT' })

    kill('edge-2\u001b[2J')
    const begun = clock()
    await one.operations.activate(kid, 'wait', source)
    t.strictSame(await activeKid(one), [kid], 'a killed gateway no longer counts')
    t.ok(clock() - begun >= 10_000, 'once its announcement has expired')
    t.match((await audited())[0], { kind: 'key-activated', subject: kid, detail: {} })
  })

  t.test(
    title('a forced activation does not wait for gateways, and the audit log records that'),
    { skip },
    async (t) => {
      const { one, fleet, gateway, audited } = await instances(t, kind)
      const { kid } = await one.operations.create(undefined, source)
      await gateway('edge-1', [])
      await one.operations.activate(kid, 'force', source)
      t.strictSame(await activeKid(one), [kid])
      t.match((await audited())[0], {
        kind: 'key-activated',
        subject: kid,
        detail: { forced: 1, gatewaysWithout: 1 }
      })

      const [announced] = await fleet.live()
      if (announced === undefined) throw new Error('edge-1 is not announced')
      fleet.live = async () => Array(MOST_GATEWAYS).fill({ ...announced, kids: [kid] })
      const late = await one.operations.create(undefined, source)
      await t.rejects(one.operations.activate(late.kid, 'wait', source), {
        code: 'UNAVAILABLE',
        detail: /^it is not known whether every gateway has the key: 256 or more/
      })

      fleet.live = async () => {
        throw new Error('away')
      }
      await one.operations.activate(late.kid, 'force', source)
      const events = (await audited()).filter(({ subject }) => subject === late.kid)
      t.strictSame(
        events.find((event) => event.kind === 'key-activated')?.detail,
        { forced: 1 },
        'an unknown number is left out'
      )
    }
  )
}
