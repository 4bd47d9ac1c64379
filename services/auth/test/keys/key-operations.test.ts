import { randomBytes } from 'node:crypto'
import { testClock } from '@gatehouse/fixtures/clock'
import type { Announcement, Fleet } from '@gatehouse/fleet/fleet'
import { memoryFleet } from '@gatehouse/fleet/memory-fleet'
import { KEY_MEMORY_SECONDS, type Revocation } from '@gatehouse/revocation/revocation'
import t, { type Test } from 'tap'
import { START_ADDRESS } from '../../src/audit/audit-event.ts'
import { auditLog } from '../../src/audit/audit-log.ts'
import { loadSigningKeys, signingKeyStore } from '../../src/keys/signing-key-store.ts'
import { storeUnavailable } from '../../src/refusals.ts'
import { type DatabaseKind, databaseKinds } from '../fixtures/databases.ts'
import { signingOn } from '../fixtures/signing.ts'

const LIFETIME_SECONDS = 300
const SKEW_SECONDS = 60
const source = { address: 'ops', requestId: 'a-request' }

/** Auth instances on one database, and gateways that say what they hold. */
async function instances(t: Test, kind: DatabaseKind, more: { rotationSeconds?: number } = {}) {
  const clock = testClock()
  const database = await kind.make(t)
  const keyEncryptionKey = randomBytes(32)
  const fleet = memoryFleet(clock)
  const gateways = gatewaysIn(fleet)
  const told: Revocation[] = []
  let isLogAway = false
  const first = await database.open()
  await loadSigningKeys(signingKeyStore(first, [keyEncryptionKey], clock), 'ES256', clock())
  const start = async (lifetimeSeconds = LIFETIME_SECONDS) =>
    signingOn({
      database: await database.open(),
      keyEncryptionKey,
      fleet,
      clock,
      lifetimeSeconds,
      revocations: {
        async append(entry) {
          if (isLogAway) throw storeUnavailable(new Error('away'))
          told.push(entry)
        }
      },
      meanwhile: gateways.announce,
      ...more
    })
  return {
    clock,
    told,
    start,
    one: await start(),
    other: await start(),
    gateway: gateways.says,
    kill: gateways.kill,
    setLogAway(away: boolean) {
      isLogAway = away
    },
    async audited() {
      const entries = await auditLog(first, clock).read({ limit: 100 })
      return entries
        .filter(({ source }) => source.address !== START_ADDRESS)
        .map(({ kind, subject, detail }) => ({ kind, subject, detail }))
        .reverse()
    }
  }
}

/** Gateways that announce themselves while an operator waits for them, until they are killed. */
function gatewaysIn(fleet: Fleet) {
  const live = new Map<string, Announcement>()
  const announce = async (): Promise<void> => {
    for (const announcement of live.values()) await fleet.announce(announcement)
  }
  return {
    announce,
    async says(name: string, kids: string[]) {
      live.set(name, {
        id: name,
        name,
        keySetVersion: 'v',
        kids,
        revocationCursor: '',
        revocationLagSeconds: 0,
        assertionJwk: '{}'
      })
      await announce()
    },
    kill: (name: string) => live.delete(name)
  }
}

type Instance = Awaited<ReturnType<typeof signingOn>>

const states = async ({ operations }: Instance) =>
  Object.fromEntries((await operations.list()).map(({ kid, state }) => [kid, state]))
const activeKid = async ({ operations }: Instance) =>
  (await operations.list()).filter(({ state }) => state === 'active').map(({ kid }) => kid)

for (const kind of databaseKinds) {
  const { skip } = kind
  const title = (text: string) => `${kind.name}: ${text}`

  t.test(title('a standby key is published by all, and signs nowhere'), { skip }, async (t) => {
    const { one, other } = await instances(t, kind)
    const [signing = ''] = await activeKid(one)
    const made = await one.operations.create('EdDSA', source)
    t.match(made, { algorithm: 'EdDSA', state: 'standby' })
    const published = (await other.live.read()).map(({ kid }) => kid)
    t.strictSame(published.sort(), [made.kid, signing].sort())
    t.equal(other.live.active().kid, signing)
    t.equal(one.live.active().kid, signing)
  })

  t.test(
    title('a rotation is one step: there is never none that signs, nor two'),
    { skip },
    async (t) => {
      const { clock, one, other } = await instances(t, kind)
      const [before = ''] = await activeKid(one)
      const changed = await one.operations.rotate('RS256', source)
      const after = changed.find(({ state }) => state === 'active')?.kid ?? ''
      t.strictSame(await states(other), { [before]: 'retiring', [after]: 'active' })
      t.equal(one.live.active().kid, after, 'the instance itself signs with it at once')
      t.equal(other.live.active().kid, before, 'another goes on with the one before')
      const held = await other.live.read()
      t.equal(other.live.active().kid, after, 'until it reads')
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
      await other.tending.tend()
      t.equal((await states(one))[before], 'retiring', 'its last token may be about')
      clock.advance(1)
      await other.tending.tend()
      t.equal((await states(one))[before], 'retired')
      t.strictSame(
        (await one.live.read()).map(({ kid }) => kid),
        [after]
      )
    }
  )

  t.test(title('rotations at once by two instances agree on one key'), { skip }, async (t) => {
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
  })

  t.test(title('a key does not sign before every live gateway holds it'), { skip }, async (t) => {
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
    t.match(told.slice(told0), [{ kind: 'key-set' }], 'it is asked to fetch once more')
    t.strictSame(await activeKid(one), [signing])
    await t.rejects(one.operations.activate(kid, 'now', source), { code: 'CONFLICT' })

    kill('edge-2\u001b[2J')
    const begun = clock()
    await one.operations.activate(kid, 'wait', source)
    t.strictSame(await activeKid(one), [kid], 'a gateway that was killed stops counting')
    t.ok(clock() - begun >= 10_000, 'after its announcement has run out')
    t.match((await audited()).at(-1), { kind: 'key-activated', subject: kid, detail: {} })
  })

  t.test(
    title('who overrules the gateways says so, and it stands in the log'),
    { skip },
    async (t) => {
      const { one, gateway, audited } = await instances(t, kind)
      const { kid } = await one.operations.create(undefined, source)
      await gateway('edge-1', [])
      await one.operations.activate(kid, 'force', source)
      t.strictSame(await activeKid(one), [kid])
      t.match((await audited()).at(-1), {
        kind: 'key-activated',
        subject: kid,
        detail: { forced: 1, gatewaysWithout: 1 }
      })
    }
  )

  t.test(title('a rotation that was refused is gone on with by the next'), { skip }, async (t) => {
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

  t.test(
    title('a revoked key is told of, and another signs, without asking gateways'),
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
        { kind: 'key-created', subject: next },
        { kind: 'key-revoked', subject: leaked },
        { kind: 'key-activated', subject: next }
      ])

      const spare = await one.operations.create('EdDSA', source)
      await one.operations.revoke(next, source)
      t.strictSame(await activeKid(one), [spare.kid], 'the standby key, where there is one')
    }
  )

  t.test(
    title('what gateways could not be told is told later, by any instance'),
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
      await t.rejects(other.tending.tend(), { code: 'UNAVAILABLE' })
      setLogAway(false)
      await other.tending.tend()
      t.match(told, [{ kind: 'key', id: leaked }, { kind: 'key-set' }])
      await one.tending.tend()
      await other.tending.tend()
      t.equal(told.length, 2, 'once')
    }
  )

  t.test(title('nothing of a change that fails has happened'), { skip }, async (t) => {
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
    await t.resolves(other.operations.create(undefined, source), 'and the next is not held up')
  })

  t.test(title('keys rotate by the clock, once for all instances'), { skip }, async (t) => {
    const day = 86_400_000
    const { clock, one, other, gateway } = await instances(t, kind, {
      rotationSeconds: 30 * 86_400
    })
    const [first = ''] = await activeKid(one)
    const tendAll = () => Promise.all([one.tending.tend(), other.tending.tend()])
    clock.advance(29 * day - 1000)
    await tendAll()
    t.strictSame(await states(one), { [first]: 'active' }, 'not before its time')
    clock.advance(1000)
    await tendAll()
    await tendAll()
    const made = Object.keys(await states(one)).filter((kid) => kid !== first)
    t.equal(made.length, 1, 'one standby key, a day before')
    const [next = ''] = made
    clock.advance(day)
    await gateway('edge-1', [first])
    const outcomes = await Promise.allSettled([one.tending.tend(), other.tending.tend()])
    t.ok(
      outcomes.some(({ status }) => status === 'rejected'),
      'a gateway is without it'
    )
    t.strictSame(await activeKid(one), [first])
    await gateway('edge-1', [first, next])
    await tendAll()
    t.strictSame(await states(one), { [first]: 'retiring', [next]: 'active' })
    clock.advance((LIFETIME_SECONDS + SKEW_SECONDS) * 1000)
    await tendAll()
    t.strictSame(await states(one), { [first]: 'retired', [next]: 'active' })
  })

  t.test(
    title('what a killed instance was about to do, another does when its time is over'),
    { skip },
    async (t) => {
      const { clock, one, other } = await instances(t, kind, { rotationSeconds: 1000 })
      clock.advance(500_000)
      t.ok(await one.keySet.take('the one that is killed', clock(), 10_000))
      await other.tending.tend()
      t.equal((await one.operations.list()).length, 1, 'not while it may be at work')
      clock.advance(10_000)
      await other.tending.tend()
      t.equal((await one.operations.list()).length, 2)
    }
  )
}
