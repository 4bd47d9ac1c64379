import t from 'tap'
import { databaseKinds } from '../fixtures/database/databases.ts'
import {
  activeKid,
  instances,
  LIFETIME_SECONDS,
  SKEW_SECONDS,
  source,
  states
} from '../fixtures/keys/key-instances.ts'

for (const kind of databaseKinds) {
  const { skip } = kind
  const title = (text: string) => `${kind.name}: ${text}`

  t.test(
    title('every instance publishes a standby key, and none signs with it'),
    { skip },
    async (t) => {
      const { one, other } = await instances(t, kind)
      const [signing = ''] = await activeKid(one)
      const made = await one.operations.create('EdDSA', source)
      t.match(made, { algorithm: 'EdDSA', state: 'standby' })
      const published = (await other.live.read()).map(({ kid }) => kid)
      t.strictSame(published.sort(), [made.kid, signing].sort())
      t.equal(other.live.active().kid, signing)
      t.equal(one.live.active().kid, signing)
    }
  )

  t.test(
    title('a rotation replaces the active key in one step: exactly one key is active at any time'),
    { skip },
    async (t) => {
      const { clock, one, other } = await instances(t, kind)
      const [before = ''] = await activeKid(one)
      const changed = await one.operations.rotate('RS256', source)
      const after = changed.find(({ state }) => state === 'active')?.kid ?? ''
      t.strictSame(await states(other), { [before]: 'retiring', [after]: 'active' })
      t.equal(one.live.active().kid, after, 'the instance itself signs with it at once')
      t.equal(other.live.active().kid, before, 'another instance still signs with the previous one')
      const held = await other.live.read()
      t.equal(other.live.active().kid, after, 'until it reads the keys')
      t.strictSame(held.map(({ kid }) => kid).sort(), [before, after].sort(), 'both are published')
      const token = other.sign(
        { jti: 'x' } as Parameters<typeof other.sign>[0],
        other.live.active()
      )
      t.match(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()), {
        alg: 'RS256',
        kid: after
      })

      clock.advance((LIFETIME_SECONDS + SKEW_SECONDS) * 1000 - 1)
      await other.maintenance.maintain()
      t.equal((await states(one))[before], 'retiring', 'its last token may still be valid')
      clock.advance(1)
      await other.maintenance.maintain()
      t.equal((await states(one))[before], 'retired')
      t.strictSame(
        (await one.live.read()).map(({ kid }) => kid),
        [after]
      )
    }
  )

  t.test(
    title('simultaneous rotations by two instances make one key active'),
    { skip },
    async (t) => {
      const { one, other } = await instances(t, kind)
      const rotations = await Promise.all(
        [one, other, one, other].map(({ operations }) => operations.rotate(undefined, source))
      )
      const last = await states(one)
      t.equal(Object.values(last).filter((state) => state === 'active').length, 1)
      t.equal(rotations.length, 4)
      for (const { live } of [one, other]) {
        await live.read()
        t.equal(last[live.active().kid], 'active')
      }
    }
  )

  t.test(title('the next rotation continues one that was refused'), { skip }, async (t) => {
    const { one, other, gateway } = await instances(t, kind)
    const [signing = ''] = await activeKid(one)
    await gateway('edge-1', [signing])
    await t.rejects(one.operations.rotate(undefined, source), { code: 'CONFLICT' })
    const [next = ''] = Object.entries(await states(one)).flatMap(([kid, state]) =>
      state === 'standby' ? [kid] : []
    )
    await gateway('edge-1', [signing, next])
    await other.operations.rotate(undefined, source)
    t.strictSame(await states(one), { [signing]: 'retiring', [next]: 'active' })
  })

  t.test(title('a key retires after the longest token of any instance'), { skip }, async (t) => {
    const { clock, one, start } = await instances(t, kind)
    const [long = ''] = await activeKid(one)
    await start(3600)
    await start(60)
    await one.operations.rotate(undefined, source)
    const { withdrawAt } = (await one.operations.list()).find(({ kid }) => kid === long) ?? {}
    t.equal(withdrawAt, clock() / 1000 + 3600 + SKEW_SECONDS)
    await t.rejects(one.operations.retire(long, source), { code: 'CONFLICT' })
    clock.advance((3600 + SKEW_SECONDS) * 1000)
    t.match(await one.operations.retire(long, source), { state: 'retired' })
  })

  t.test(title('keys rotate on schedule, once for all instances'), { skip }, async (t) => {
    const day = 86_400_000
    const { clock, one, other, gateway } = await instances(t, kind, {
      rotationSeconds: 30 * 86_400
    })
    const [first = ''] = await activeKid(one)
    const maintainAll = () =>
      Promise.all([one.maintenance.maintain(), other.maintenance.maintain()])
    clock.advance(29 * day - 1000)
    await maintainAll()
    t.strictSame(await states(one), { [first]: 'active' }, 'not before its time')
    clock.advance(1000)
    await maintainAll()
    await maintainAll()
    const made = Object.keys(await states(one)).filter((kid) => kid !== first)
    t.equal(made.length, 1, 'one standby key, a day before')
    const [next = ''] = made
    clock.advance(day)
    await gateway('edge-1', [first])
    const outcomes = await Promise.allSettled([
      one.maintenance.maintain(),
      other.maintenance.maintain()
    ])
    t.ok(
      outcomes.some(({ status }) => status === 'rejected'),
      'a gateway does not have the key'
    )
    t.strictSame(await activeKid(one), [first])
    await gateway('edge-1', [first, next])
    await maintainAll()
    t.strictSame(await states(one), { [first]: 'retiring', [next]: 'active' })
    clock.advance((LIFETIME_SECONDS + SKEW_SECONDS) * 1000)
    await maintainAll()
    t.strictSame(await states(one), { [first]: 'retired', [next]: 'active' })
  })

  t.test(
    title('another instance does the work of a killed one after its lease'),
    { skip },
    async (t) => {
      const { clock, one, other } = await instances(t, kind, { rotationSeconds: 1000 })
      clock.advance(500_000)
      t.ok(await one.keySet.take('the one that is killed', clock(), 10_000))
      await other.maintenance.maintain()
      t.equal((await one.operations.list()).length, 1, 'not while the killed one may still work')
      clock.advance(10_000)
      await other.maintenance.maintain()
      t.equal((await one.operations.list()).length, 2)
    }
  )

  t.test(title('a change of keys that fails changes nothing'), { skip }, async (t) => {
    const { one, other } = await instances(t, kind)
    const before = await states(one)
    const failing = one.store.change(async (ledger) => {
      const changed = ledger.keys.map((key) => ({ ...key, state: 'retiring' as const }))
      await ledger.write(changed)
      await ledger.audit.write({ kind: 'key-retired', subject: 'x', sid: null, source })
      throw new Error('killed here')
    })
    await t.rejects(failing, /killed here/)
    t.strictSame(await states(other), before)
    await t.resolves(other.operations.create(undefined, source), 'the next change does not wait')
  })
}
