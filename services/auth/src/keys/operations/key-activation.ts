import type { RequestSource } from '../../audit/audit-event.ts'
import type { KeyAnnouncements } from '../key-announcements.ts'
import { keyEvent } from '../key-event.ts'
import { activation, findKey, type KeyRecord, type Moment } from '../key-lifecycle.ts'
import { keyNotHeld } from '../key-refusals.ts'
import type { SigningKeyStore } from '../store/signing-key-store.ts'
import type { GatewayAcknowledgement } from './gateway-acknowledgement.ts'

/** Whether to wait for gateways, only ask them, or ignore them. */
export type Activation = 'wait' | 'now' | 'force'

type KeyActivationOptions = {
  readonly store: Pick<SigningKeyStore, 'records' | 'change'>
  readonly announcements: Pick<KeyAnnouncements, 'publishAgain'>
  readonly gateways: GatewayAcknowledgement
  readonly moment: () => Moment
  readonly onFault: (error: unknown) => void
}

/**
 * Makes a standby key active and the previous key retiring, in one transaction. Returns the keys
 * that changed.
 * @throws Refusal NOT_FOUND, CONFLICT naming the gateways that do not have the key, UNAVAILABLE if
 * they are not known
 */
export async function activateKey(
  options: KeyActivationOptions,
  kid: string,
  how: Activation,
  source: RequestSource
): Promise<KeyRecord[]> {
  const { store, moment } = options
  // Refuses before the wait if the activation is not allowed, and checks again afterwards.
  const allowed = activation(await store.records(), kid, moment())
  const without = allowed.length === 0 ? null : await gatewaysWithout(options, kid, how)
  return store.change(async (ledger) => {
    const changed = activation(ledger.keys, kid, moment())
    if (changed.length === 0) return [findKey(ledger.keys, kid)]
    await ledger.write(changed)
    const left = without === null ? {} : { gatewaysWithout: without }
    const detail = how === 'force' ? { forced: 1, ...left } : {}
    await ledger.audit.write(keyEvent('key-activated', kid, source, detail))
    return changed
  })
}

/**
 * How many live gateways a forced activation leaves without the key; null: the live gateways are
 * not known. Without force, every live gateway must have it.
 */
async function gatewaysWithout(
  { gateways, announcements, onFault }: KeyActivationOptions,
  kid: string,
  how: Activation
): Promise<number | null> {
  if (how === 'force') {
    const names = await gateways.missing(kid).catch(() => null)
    return names === null ? null : names.length
  }
  const askAgain = () => announcements.publishAgain().catch(onFault)
  const names =
    how === 'wait' ? await gateways.missingAfterWait(kid, askAgain) : await gateways.missing(kid)
  if (names.length > 0) throw keyNotHeld(kid, names)
  return 0
}
