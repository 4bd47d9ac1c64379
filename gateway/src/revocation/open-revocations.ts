import { faultCause } from '@gatehouse/redis/fault-cause'
import type { LogEntry, RevocationSource } from '@gatehouse/revocation/revocation'
import type { SigningKeys } from '../keys/signing-keys.ts'
import type { Ports } from '../ports.ts'
import { followRevocations, type Revocations } from './follow-revocations.ts'
import { isUnheard, UNHEARD, UNREADABLE } from './revocation-check.ts'
import { revocationGauges } from './revocation-gauges.ts'

export type OpenRevocations = Revocations & {
  /** Calls each time that this gateway has done what the log says about the signing keys. */
  onKeysRead(listener: () => void): void
}

type Followed = {
  readonly shared: {
    readonly revocations: RevocationSource
    /** Ends the read that waits for the next entry. */
    disconnect(): void
  }
  /** of our own auth service: the log says when they change, and confirms them with heartbeats */
  readonly keys: Pick<SigningKeys, 'withdraw' | 'catchUp' | 'noteHeartbeat'>
}

/** Follows the revocation log, and keeps the signing keys as it says. */
export function openRevocations(
  { log, metrics, closing, clock, monotonicClock }: Ports,
  { shared, keys }: Followed
): OpenRevocations {
  const followers: (() => void)[] = []
  const applyToKeys = (entry: LogEntry): Promise<void> | null => {
    if (entry.kind === 'key-set') return keys.catchUp(entry.id)
    if (entry.kind !== 'key') return null
    keys.withdraw(entry.id)
    return Promise.resolve()
  }
  const tellAll = (): void => {
    for (const listener of followers) listener()
  }
  const revoked = followRevocations({
    source: shared.revocations,
    onFault(error) {
      const remedy = isUnheard(revoked) ? { remedy: UNHEARD } : {}
      log.warn({ cause: faultCause(error), ...remedy }, 'the revocation log cannot be read')
    },
    onUnreadable: ({ writtenKind }) => log.error({ kind: writtenKind }, UNREADABLE),
    onEntry: (entry) => void applyToKeys(entry)?.then(tellAll),
    onHeartbeat: keys.noteHeartbeat,
    clock,
    monotonicClock
  })
  closing.defer(() => {
    shared.disconnect()
    return revoked.close()
  })
  revocationGauges(metrics, revoked)
  return Object.assign(revoked, {
    onKeysRead: (listener: () => void) => void followers.push(listener)
  })
}
