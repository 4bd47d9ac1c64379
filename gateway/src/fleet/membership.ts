import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { ASSERTION_ALGORITHM } from '@gatehouse/edge-headers/assertion'
import { ANNOUNCEMENT_INTERVAL_MS, type Announcement, type Fleet } from '@gatehouse/fleet/fleet'
import { calculateJwkThumbprint, type JWK } from 'jose'

/** A gateway as a member of the fleet. */
export type Membership = {
  /**
   * The keys for verifying the assertions of all gateways: its own, and the current keys of the
   * others. It reads them when asked, because a gateway that has just started serves at once, and
   * with an older set services would refuse its callers.
   */
  assertionKeys(): Promise<AssertionKeySet>
  /** Announces this gateway at once, without waiting for the next interval. */
  announce(): Promise<void>
  /** Leaves the fleet: the others no longer wait for this gateway. */
  close(): Promise<void>
}

/** A key set (RFC 7517 §5) with a member of ours. */
export type AssertionKeySet = {
  readonly keys: readonly JWK[]
  /**
   * false: this gateway cannot hear the others at the moment, so a missing key may belong to one of
   * them
   */
  readonly complete: boolean
}

type MembershipOptions = {
  readonly fleet: Fleet
  readonly ownKey: JWK
  readonly announcement: () => Announcement
  readonly onFault: (error: unknown) => void
  readonly intervalMs?: number
  /** in milliseconds, never set back */
  readonly monotonicClock?: () => number
}

/**
 * How long a key that the store no longer has is still published. If the store has lost its data,
 * each gateway announces its key again as soon as it is connected.
 */
const LOST_KEY_MS = 30_000

/**
 * Announces regularly that this gateway is live and what it has, and reads the announcements of the
 * others. Each gateway has a private key of its own, and all gateways publish all public keys. So a
 * service that asks one gateway can verify the assertions of all of them.
 */
export async function joinFleet(options: MembershipOptions): Promise<Membership> {
  const { fleet, ownKey, announcement, onFault, intervalMs = ANNOUNCEMENT_INTERVAL_MS } = options
  const { monotonicClock = () => performance.now() } = options
  /** the keys of the others as they announced them, and since when the store no longer has them */
  const peers = new Map<string, { readonly key: JWK | null; lostMs: number | null }>()
  let inTouch = true
  let announced = false

  const hear = async (): Promise<void> => {
    const texts = new Set(await fleet.assertionJwks())
    for (const [text, peer] of peers) {
      peer.lostMs = texts.has(text) ? null : (peer.lostMs ?? monotonicClock())
      if (peer.lostMs !== null && monotonicClock() - peer.lostMs > LOST_KEY_MS) peers.delete(text)
    }
    for (const text of texts) {
      if (!peers.has(text)) peers.set(text, { key: await peerKey(text), lostMs: null })
    }
  }
  const attempt = async (work: () => Promise<void>): Promise<boolean> => {
    try {
      await work()
      inTouch = true
    } catch (error) {
      // An outage is reported once, not at every attempt.
      if (inTouch) onFault(error)
      inTouch = false
    }
    return inTouch
  }
  const beat = async (): Promise<void> => {
    // A replica can be read but accepts no announcement: what it says about the others may be old.
    announced = await attempt(() => fleet.announce(announcement()))
    if (announced) await attempt(hear)
  }
  let hearing: Promise<boolean> | null = null
  await beat()
  const beating = setInterval(() => void beat(), intervalMs).unref()
  return {
    async assertionKeys() {
      // A caller that joins this read may need a later one, and asks again if a key is missing.
      hearing ??= attempt(hear).finally(() => {
        hearing = null
      })
      const heard = await hearing
      const others = [...peers.values()].flatMap(({ key }) => key ?? [])
      const keys = [ownKey, ...others.filter(({ kid }) => kid !== ownKey.kid)]
      return { keys, complete: heard && announced }
    },
    announce: beat,
    async close() {
      clearInterval(beating)
      await fleet.leave(announcement().id).catch(onFault)
    }
  }
}

/**
 * Another gateway's key, built from its public members only, so that no other member is published.
 */
async function peerKey(text: string): Promise<JWK | null> {
  try {
    const { kty, crv, x, y } = JSON.parse(text) as JsonWebKey
    if (kty !== 'EC' || crv !== 'P-256') return null
    const jwk = createPublicKey({ key: { kty, crv, x, y } as JsonWebKey, format: 'jwk' }).export({
      format: 'jwk'
    }) as JWK
    return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: ASSERTION_ALGORITHM, use: 'sig' }
  } catch {
    return null
  }
}
