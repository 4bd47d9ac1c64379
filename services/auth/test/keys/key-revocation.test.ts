import { KEY_MEMORY_SECONDS } from '@gatehouse/revocation/revocation'
import t from 'tap'
import { databaseKinds } from '../fixtures/database/databases.ts'
import {
  activeKid,
  instances,
  SKEW_SECONDS,
  source,
  states
} from '../fixtures/keys/key-instances.ts'

for (const kind of databaseKinds) {
  const { skip } = kind
  const title = (text: string) => `${kind.name}: ${text}`

  t.test(
    title('gateways are told of a revoked key, and another key signs without waiting for them'),
    { skip },
    async (t) => {
      const { clock, one, other, gateway, told, audited } = await instances(t, kind)
      const [leaked = ''] = await activeKid(one)
      await gateway('edge-1', [leaked])
      const changed = await one.operations.revoke(leaked, source)
      const next = changed.find(({ state }) => state === 'active')?.kid ?? ''
      t.strictSame(await states(other), { [leaked]: 'revoked', [next]: 'active' })
      const until = clock() / 1000 + KEY_MEMORY_SECONDS + SKEW_SECONDS
      t.strictSame(told.slice(-2, -1), [{ kind: 'key', id: leaked, until }])
      t.match(told.at(-1), { kind: 'key-set' })
      t.equal(one.live.active().kid, next)
      t.strictSame(
        (await other.live.read()).map(({ kid }) => kid),
        [next],
        'it is not published'
      )
      t.match(await audited(), [
        { kind: 'key-activated', subject: next },
        { kind: 'key-created', subject: next },
        { kind: 'key-revoked', subject: leaked }
      ])

      const spare = await one.operations.create(undefined, source)
      const trial = await one.operations.create('EdDSA', source)
      await one.operations.revoke(next, source)
      t.strictSame(await activeKid(one), [spare.kid], 'the standby key, if there is one')
      await one.operations.revoke(spare.kid, source)
      t.not((await activeKid(one))[0], trial.kid, 'but none of another algorithm')
    }
  )

  t.test(
    title('any instance later tells gateways what they could not be told'),
    { skip },
    async (t) => {
      const { one, other, told, setLogAway } = await instances(t, kind)
      const [leaked = ''] = await activeKid(one)
      setLogAway(true)
      await t.rejects(one.operations.revoke(leaked, source), {
        code: 'UNAVAILABLE',
        detail: /the key is revoked and no longer signs/
      })
      t.equal((await states(one))[leaked], 'revoked')
      t.not(one.live.active().kid, leaked)
      t.equal(other.live.active().kid, leaked)
      await other.live.untilCurrent()
      t.equal(other.live.active().kid, one.live.active().kid, 'before gateways know')
      await t.rejects(other.maintenance.maintain(), { code: 'UNAVAILABLE' })
      setLogAway(false)
      await other.maintenance.maintain()
      t.match(told, [{ kind: 'key', id: leaked }, { kind: 'key-set' }])
      await one.maintenance.maintain()
      await other.maintenance.maintain()
      t.equal(told.length, 2, 'once')
    }
  )
}
