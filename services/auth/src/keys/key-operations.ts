import type { Algorithm } from '@gatehouse/access-token/claims'
import type { AuditKind, Origin } from '../audit/audit-event.ts'
import { keyNotHeld, revocationUntold } from '../refusals.ts'
import type { GatewayAcknowledgement } from './gateway-acknowledgement.ts'
import type { KeyAnnouncements } from './key-announcements.ts'
import {
  activation,
  activeOf,
  type KeyRecord,
  type Moment,
  named,
  nextOf,
  refuseTooMany,
  retirement,
  revocation
} from './key-lifecycle.ts'
import type { LiveSigningKeys } from './live-signing-keys.ts'
import { generateSigningKey, type SigningKey } from './signing-key.ts'
import type { KeyLedger, SigningKeyStore } from './signing-key-store.ts'

/** What an operator, or the schedule, does with signing keys. What a change comes to is its keys, each as it then is. */
export type KeyOperations = {
  /** Every key there ever was, the newest first. */
  list(): Promise<KeyRecord[]>
  /** A standby key: published, and not signing. */
  create(algorithm: Algorithm | undefined, origin: Origin): Promise<KeyRecord>
  /**
   * Lets a standby key sign, once every live gateway holds it.
   * @throws Refusal NOT_FOUND, CONFLICT naming the gateways without it, UNAVAILABLE
   */
  activate(kid: string, how: Activation, origin: Origin): Promise<KeyRecord[]>
  /** A standby key (the newest of the algorithm, or a new one) that signs once every live gateway holds it. Can be repeated. */
  rotate(algorithm: Algorithm | undefined, origin: Origin): Promise<KeyRecord[]>
  /** @throws Refusal NOT_FOUND, CONFLICT while it signs or tokens of it may be about */
  retire(kid: string, origin: Origin): Promise<KeyRecord>
  /**
   * Has every gateway refuse the tokens of a key, at once. Where it signed, a standby key does from then on, and is made
   * where there is none; no gateway is waited for.
   * @throws Refusal NOT_FOUND; UNAVAILABLE where it is revoked, and gateways have yet to hear of it
   */
  revoke(kid: string, origin: Origin): Promise<KeyRecord[]>
}

/** Whether gateways are waited for, only asked, or overruled. */
export type Activation = 'wait' | 'now' | 'force'

export type KeyOperationsNeeds = {
  readonly store: SigningKeyStore
  readonly live: Pick<LiveSigningKeys, 'read'>
  readonly announcements: KeyAnnouncements
  readonly gateways: GatewayAcknowledgement
  /** of a key that is made without saying which */
  readonly algorithm: Algorithm
  readonly lifetimeSeconds: number
  readonly clock: () => number
  /** hears of what went wrong after a change that is done; it is made good later */
  readonly onFault: (error: unknown) => void
}

export function keyOperations(needs: KeyOperationsNeeds): KeyOperations {
  const { store, live, announcements, gateways, lifetimeSeconds, clock, onFault } = needs
  const moment = (): Moment => ({ now: Math.floor(clock() / 1000), lifetimeSeconds })
  const standby = (algorithm = needs.algorithm) => generateSigningKey(algorithm, 'standby')

  /** This process has the change before any gateway is told to fetch it. */
  const settle = async (onUntold: (error: unknown) => void): Promise<void> => {
    await live.read().catch(onFault)
    await announcements.tell().catch(onUntold)
  }
  const add = async (ledger: KeyLedger, key: SigningKey, origin: Origin): Promise<KeyRecord> => {
    const record = await ledger.add(key, clock())
    await ledger.audit.write(keyEvent('key-created', key.kid, origin))
    return record
  }
  /** Refused before anybody waits where it is not allowed, and again where it is not any more. */
  const activate = async (kid: string, how: Activation, origin: Origin): Promise<KeyRecord[]> => {
    const allowed = activation(await store.records(), kid, moment())
    const without = allowed.length === 0 ? 0 : await unheld(kid, how)
    const changed = await store.change(async (ledger) => {
      const changed = activation(ledger.keys, kid, moment())
      await ledger.write(changed)
      const detail = how === 'force' ? { forced: 1, gatewaysWithout: without } : {}
      if (changed.length > 0)
        await ledger.audit.write(keyEvent('key-activated', kid, origin, detail))
      return changed.length > 0 ? changed : [named(ledger.keys, kid)]
    })
    await settle(onFault)
    return changed
  }
  /** How many live gateways an activation by force leaves without the key. @throws Refusal CONFLICT, UNAVAILABLE */
  const unheld = async (kid: string, how: Activation): Promise<number> => {
    if (how === 'force') return (await gateways.missing(kid).catch(() => [])).length
    const names =
      how === 'wait'
        ? await gateways.missingAfterWait(kid, () => announcements.tellAgain().catch(onFault))
        : await gateways.missing(kid)
    if (names.length > 0) throw keyNotHeld(kid, names)
    return 0
  }

  return {
    list: () => store.records(),
    async create(algorithm, origin) {
      const key = await standby(algorithm)
      const created = await store.change(async (ledger) => {
        refuseTooMany(ledger.keys)
        return await add(ledger, key, origin)
      })
      await settle(onFault)
      return created
    },
    activate,
    async rotate(algorithm = needs.algorithm, origin) {
      const spare = await standby(algorithm)
      const next = await store.change(async (ledger) => {
        const waiting = ledger.keys.filter((key) => key.algorithm === algorithm)
        const next = nextOf(waiting)
        if (next !== undefined) return next
        refuseTooMany(ledger.keys)
        return await add(ledger, spare, origin)
      })
      await settle(onFault)
      return activate(next.kid, 'wait', origin)
    },
    async retire(kid, origin) {
      const retired = await store.change(async (ledger) => {
        const changed = retirement(ledger.keys, kid, moment())
        await ledger.write(changed)
        if (changed.length > 0) await ledger.audit.write(keyEvent('key-retired', kid, origin))
        return changed[0] ?? named(ledger.keys, kid)
      })
      await settle(onFault)
      return retired
    },
    async revoke(kid, origin) {
      // Made before anybody is held up by the change, in case it is needed.
      const spare = await standby()
      const changed = await store.change(async (ledger) => {
        const signs = activeOf(ledger.keys)?.kid === kid
        const next = nextOf(ledger.keys) ?? (signs ? await add(ledger, spare, origin) : undefined)
        const changed = revocation(ledger.keys, kid, next, moment())
        await ledger.write(changed)
        for (const { kid, state } of changed) {
          const kind = state === 'active' ? 'key-activated' : 'key-revoked'
          await ledger.audit.write(keyEvent(kind, kid, origin))
        }
        return changed.length > 0 ? changed : [named(ledger.keys, kid)]
      })
      await settle((error) => {
        throw revocationUntold(error)
      })
      return changed
    }
  }
}

const keyEvent = (
  kind: Extract<AuditKind, `key-${string}`>,
  kid: string,
  origin: Origin,
  detail: Readonly<Record<string, number>> = {}
) => ({ kind, subject: kid, sid: null, origin, detail })
