import { keySetVersion } from '@gatehouse/access-token/key-set-version'
import { rememberedSeconds } from '../revocations/remembered-seconds.ts'
import type { RevocationWriter } from '../revocations/revocation-log.ts'
import type { KeyWithdrawals } from './key-withdrawals.ts'
import { isPublished } from './signing-key.ts'
import type { KeySetStore } from './store/key-set-store.ts'
import type { SigningKeyStore } from './store/signing-key-store.ts'

/** Announces changes of keys to the gateways. */
export type KeyAnnouncements = {
  /**
   * Announces every change that is recorded as not announced. If a process was killed before, the
   * next caller completes its work; announcing twice is harmless.
   * @throws Refusal UNAVAILABLE if the log or the database does not answer; the note stays
   */
  publish(): Promise<void>
  /** Asks gateways again to fetch the key set. */
  publishAgain(): Promise<void>
}

export function keyAnnouncements(options: {
  store: Pick<SigningKeyStore, 'records'>
  keySet: KeySetStore
  withdrawals: Pick<KeyWithdrawals, 'change'>
  revocations: RevocationWriter
  lifetimeSeconds: number
  clock: () => number
}): KeyAnnouncements {
  const { store, keySet, withdrawals, revocations, lifetimeSeconds, clock } = options
  /**
   * Uses the name that gateways give to the set, so that each can see whether it already has the
   * set.
   */
  const announceKeySet = async (): Promise<void> => {
    const published = (await store.records()).filter(isPublished).map(({ kid }) => kid)
    await revocations.append({
      kind: 'key-set',
      id: keySetVersion(published),
      until: Math.ceil(clock() / 1000) + rememberedSeconds(lifetimeSeconds)
    })
  }
  return {
    async publish() {
      // Read before anything is announced: the next call announces later changes.
      const { version, publishedVersion } = await keySet.read()
      for (const { kid, unpublishedUntil } of await store.records()) {
        if (unpublishedUntil === null) continue
        const publish = async () => {
          await withdrawals.change()
          await revocations.append({ kind: 'key', id: kid, until: unpublishedUntil })
        }
        await keySet.publishRevocation(kid, publish)
      }
      if (version === publishedVersion) return
      await announceKeySet()
      await keySet.notePublished(version)
    },
    publishAgain: announceKeySet
  }
}
