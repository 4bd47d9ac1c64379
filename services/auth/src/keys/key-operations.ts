import type { Algorithm } from '@gatehouse/access-token/claims'
import type { RequestSource } from '../audit/audit-event.ts'
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
import { revocationUntold } from './key-refusals.ts'
import type { LiveSigningKeys } from './live-signing-keys.ts'
import { generateSigningKey, type SigningKey } from './signing-key.ts'
import type { KeyLedger, SigningKeyStore } from './signing-key-store.ts'

/**
 * The operations on signing keys, for operators and the schedule. A change returns the changed keys
 * in their new state.
 */
export type KeyOperations = {
  /** All keys, including former ones, the newest first. */
  list(): Promise<KeyRecord[]>
  /** Creates a standby key, which is published but does not sign. */
  create(algorithm: Algorithm | undefined, source: RequestSource): Promise<KeyRecord>
  /**
   * Makes a standby key active, if every live gateway has it.
   * @throws Refusal NOT_FOUND, CONFLICT naming the gateways without it, UNAVAILABLE
   */
  activate(kid: string, how: Activation, source: RequestSource): Promise<KeyRecord[]>
  /**
   * Makes a standby key (the newest of the algorithm, or a new one) active once every live gateway
   * has it. Can be repeated.
   */
  rotate(algorithm: Algorithm | undefined, source: RequestSource): Promise<KeyRecord[]>
  /** @throws Refusal NOT_FOUND, CONFLICT while it signs or tokens of it may be valid */
  retire(kid: string, source: RequestSource): Promise<KeyRecord>
  /**
   * Makes every gateway refuse the tokens of a key, at once. If the key was active, a standby key
   * becomes active, or a new key if there is none; this does not wait for gateways.
   * @throws Refusal NOT_FOUND; UNAVAILABLE if it is revoked, but gateways have not been told yet
   */
  revoke(kid: string, source: RequestSource): Promise<KeyRecord[]>
}

type KeyOperationsOptions = {
  readonly store: SigningKeyStore
  readonly live: Pick<LiveSigningKeys, 'read'>
  readonly announcements: KeyAnnouncements
  readonly gateways: GatewayAcknowledgement
  /** the algorithm of new keys, unless a call names one */
  readonly algorithm: Algorithm
  readonly lifetimeSeconds: number
  readonly clock: () => number
  /** is called with a fault after a completed change; later work repairs it */
  readonly onFault: (error: unknown) => void
}

export function keyOperations(options: KeyOperationsOptions): KeyOperations {
  const { store, live, announcements, lifetimeSeconds, clock, onFault } = options
  const moment = (): Moment => ({ now: Math.floor(clock() / 1000), lifetimeSeconds })
  /** Creates the key before the change that may need it, so that nobody waits for it. */
  const standby = (algorithm = options.algorithm) => generateSigningKey(algorithm, 'standby')
  const add = async (
    ledger: KeyLedger,
    key: SigningKey,
    source: RequestSource
  ): Promise<KeyRecord> => {
    const record = await ledger.add(key, clock())
    await ledger.audit.write(keyEvent('key-created', key.kid, source))
    return record
  }
  /** Makes a change. This process reads the new keys before any gateway is told to fetch them. */
  const change = async <Result>(
    make: () => Promise<Result>,
    onUntold: (error: unknown) => void = onFault
  ): Promise<Result> => {
    const result = await make()
    await live.read().catch(onFault)
    await announcements.tell().catch(onUntold)
    return result
  }
  const activate: KeyOperations['activate'] = (kid, how, source) =>
    change(() => activateKey({ ...options, moment }, kid, how, source))

  return {
    list: () => store.records(),
    activate,
    async create(algorithm, source) {
      const key = await standby(algorithm)
      const work = async (ledger: KeyLedger) => {
        refuseTooMany(ledger.keys)
        return await add(ledger, key, source)
      }
      return change(() => store.change(work))
    },
    async rotate(algorithm = options.algorithm, source) {
      const spare = await standby(algorithm)
      const work = async (ledger: KeyLedger) => {
        const next = nextOf(ledger.keys.filter((key) => key.algorithm === algorithm))
        if (next !== undefined) return next
        refuseTooMany(ledger.keys)
        return await add(ledger, spare, source)
      }
      const { kid } = await change(() => store.change(work))
      return activate(kid, 'wait', source)
    },
    async retire(kid, source) {
      const work = async (ledger: KeyLedger) => {
        const [retired] = retirement(ledger.keys, kid, moment())
        if (retired === undefined) return named(ledger.keys, kid)
        await ledger.write([retired])
        await ledger.audit.write(keyEvent('key-retired', kid, source))
        return retired
      }
      return change(() => store.change(work))
    },
    async revoke(kid, source) {
      const spare = await standby()
      const work = async (ledger: KeyLedger) => {
        const signs = activeOf(ledger.keys)?.kid === kid
        const next = nextOf(ledger.keys) ?? (signs ? await add(ledger, spare, source) : undefined)
        const changed = revocation(ledger.keys, kid, next, moment())
        if (changed.length === 0) return [named(ledger.keys, kid)]
        await ledger.write(changed)
        for (const { kid, state } of changed) {
          const kind = state === 'active' ? 'key-activated' : 'key-revoked'
          await ledger.audit.write(keyEvent(kind, kid, source))
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
