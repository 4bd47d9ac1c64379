import type { Algorithm } from '@gatehouse/access-token/claims'
import type { RequestSource } from '../../audit/audit-event.ts'
import type { KeyAnnouncements } from '../key-announcements.ts'
import type { KeyRecord, Moment } from '../key-lifecycle.ts'
import { revocationUnpublished } from '../key-refusals.ts'
import type { LiveSigningKeys } from '../live-signing-keys.ts'
import { generateSigningKey } from '../signing-key.ts'
import type { KeyLedger } from '../store/key-ledger.ts'
import type { SigningKeyStore } from '../store/signing-key-store.ts'
import type { GatewayAcknowledgement } from './gateway-acknowledgement.ts'
import { type Activation, activateKey } from './key-activation.ts'
import { addStandby, ensureNext, retireKey, revokeKey } from './key-changes.ts'

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
   * Makes every gateway refuse the tokens of a key, at once. If the key was active, the newest
   * standby key of the configured algorithm becomes active, or a new key if there is none; this
   * does not wait for gateways.
   * @throws Refusal NOT_FOUND; UNAVAILABLE if it is revoked, but the gateways do not know yet
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
  const { store, lifetimeSeconds, clock, onFault } = options
  const moment = (): Moment => ({ now: Math.floor(clock() / 1000), lifetimeSeconds })
  /** Creates the key before the change that may need it, so that no change waits for it. */
  const standby = (algorithm = options.algorithm) => generateSigningKey(algorithm, 'standby')
  const change = <Result>(work: (ledger: KeyLedger) => Promise<Result>, onUnpublished = onFault) =>
    announced(options, () => store.change(work), onUnpublished)
  const activate: KeyOperations['activate'] = (kid, how, source) =>
    announced(options, () => activateKey({ ...options, moment }, kid, how, source), onFault)

  return {
    list: () => store.records(),
    activate,
    async create(algorithm, source) {
      const key = await standby(algorithm)
      return change((ledger) => addStandby(ledger, key, moment(), source))
    },
    async rotate(algorithm, source) {
      const spare = await standby(algorithm)
      const { kid } = await change((ledger) => ensureNext(ledger, spare, moment(), source))
      return activate(kid, 'wait', source)
    },
    retire: (kid, source) => change((ledger) => retireKey(ledger, kid, moment(), source)),
    async revoke(kid, source) {
      const spare = await standby()
      return change(
        (ledger) => revokeKey(ledger, kid, { spare, at: moment() }, source),
        (error) => {
          throw revocationUnpublished(error)
        }
      )
    }
  }
}

/** Makes a change. This process reads the new keys before any gateway is asked to fetch them. */
async function announced<Result>(
  { live, announcements, onFault }: KeyOperationsOptions,
  change: () => Promise<Result>,
  onUnpublished: (error: unknown) => void
): Promise<Result> {
  const result = await change()
  await live.read().catch(onFault)
  await announcements.publish().catch(onUnpublished)
  return result
}
