import type { Algorithm } from '@gatehouse/access-token/claims'
import type { Origin } from '../audit/audit-event.ts'
import { revocationUntold } from '../refusals.ts'
import type { GatewayAcknowledgement } from './gateway-acknowledgement.ts'
import { type Activation, activateKey } from './key-activation.ts'
import type { KeyAnnouncements } from './key-announcements.ts'
import { keyEvent } from './key-event.ts'
import {
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
  const { store, live, announcements, lifetimeSeconds, clock, onFault } = needs
  const moment = (): Moment => ({ now: Math.floor(clock() / 1000), lifetimeSeconds })
  /** A key is made before anybody is held up by the change that may need it. */
  const standby = (algorithm = needs.algorithm) => generateSigningKey(algorithm, 'standby')
  const add = async (ledger: KeyLedger, key: SigningKey, origin: Origin): Promise<KeyRecord> => {
    const record = await ledger.add(key, clock())
    await ledger.audit.write(keyEvent('key-created', key.kid, origin))
    return record
  }
  /** Makes a change; this process has it before any gateway is told to fetch it. */
  const change = async <Result>(
    make: () => Promise<Result>,
    onUntold: (error: unknown) => void = onFault
  ): Promise<Result> => {
    const result = await make()
    await live.read().catch(onFault)
    await announcements.tell().catch(onUntold)
    return result
  }
  const activate: KeyOperations['activate'] = (kid, how, origin) =>
    change(() => activateKey({ ...needs, moment }, kid, how, origin))

  return {
    list: () => store.records(),
    activate,
    async create(algorithm, origin) {
      const key = await standby(algorithm)
      const work = async (ledger: KeyLedger) => {
        refuseTooMany(ledger.keys)
        return await add(ledger, key, origin)
      }
      return change(() => store.change(work))
    },
    async rotate(algorithm = needs.algorithm, origin) {
      const spare = await standby(algorithm)
      const work = async (ledger: KeyLedger) => {
        const next = nextOf(ledger.keys.filter((key) => key.algorithm === algorithm))
        if (next !== undefined) return next
        refuseTooMany(ledger.keys)
        return await add(ledger, spare, origin)
      }
      const { kid } = await change(() => store.change(work))
      return activate(kid, 'wait', origin)
    },
    async retire(kid, origin) {
      const work = async (ledger: KeyLedger) => {
        const [retired] = retirement(ledger.keys, kid, moment())
        if (retired === undefined) return named(ledger.keys, kid)
        await ledger.write([retired])
        await ledger.audit.write(keyEvent('key-retired', kid, origin))
        return retired
      }
      return change(() => store.change(work))
    },
    async revoke(kid, origin) {
      const spare = await standby()
      const work = async (ledger: KeyLedger) => {
        const signs = activeOf(ledger.keys)?.kid === kid
        const next = nextOf(ledger.keys) ?? (signs ? await add(ledger, spare, origin) : undefined)
        const changed = revocation(ledger.keys, kid, next, moment())
        if (changed.length === 0) return [named(ledger.keys, kid)]
        await ledger.write(changed)
        for (const { kid, state } of changed) {
          const kind = state === 'active' ? 'key-activated' : 'key-revoked'
          await ledger.audit.write(keyEvent(kind, kid, origin))
        }
        return changed
      }
      return change(
        () => store.change(work),
        (error) => {
          throw revocationUntold(error)
        }
      )
    }
  }
}
