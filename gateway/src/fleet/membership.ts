import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { ASSERTION_ALGORITHM } from '@gatehouse/edge-headers/assertion'
import { ANNOUNCEMENT_INTERVAL_MS, type Announcement, type Fleet } from '@gatehouse/fleet/fleet'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { AssertionKeySet } from './assertion-keys-schema.ts'

/** A gateway as a member of the fleet. */
export type Membership = {
  /**
   * The keys for verifying the assertions of all gateways: its own, and the current keys of the
   * others. It reads them at each call: a new gateway serves at once, and a service with an older
   * set would refuse its assertions.
   */
  assertionKeys(): Promise<AssertionKeySet>
  /** Whether the others have ever been able to learn the key of this gateway. */
  readonly hasJoined: boolean
  /**
   * Announces this gateway at once, without waiting for the next interval. Does nothing after it
   * has left.
   */
  announce(): Promise<void>
  /** Leaves the fleet: the others no longer wait for this gateway. */
  close(): Promise<void>
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

/** the time between two attempts of a gateway that has not joined yet */
const JOINING_MS = 200

/** What this gateway knows of the fleet. */
type Contact = Pick<MembershipOptions, 'fleet' | 'announcement' | 'onFault'> & {
  readonly monotonicClock: () => number
  /** the keys of the others as they announced them, and since when the store no longer has them */
  readonly peers: Map<string, { readonly key: JWK | null; lostMs: number | null }>
  inTouch: boolean
  /** whether the others know of this gateway */
  announced: boolean
  /** whether they have ever been able to learn its key */
  hasJoined: boolean
}

/**
 * Announces regularly that this gateway is live and what it has, and reads the announcements of the
 * others. Each gateway has a private key of its own, and all gateways publish all public keys. So a
 * service that asks one gateway can verify the assertions of all of them.
 */
export async function joinFleet(options: MembershipOptions): Promise<Membership> {
  const { fleet, ownKey, announcement, onFault, intervalMs = ANNOUNCEMENT_INTERVAL_MS } = options
  const { monotonicClock = () => performance.now() } = options
  const contact: Contact = {
    fleet,
    announcement,
    onFault,
    monotonicClock,
    peers: new Map(),
    inTouch: true,
    announced: false,
    hasJoined: false
  }
  const announcements = announcing(contact, intervalMs)
  const { announce } = announcements
  let hearing: Promise<boolean> | null = null
  await announce()
  announcements.repeat()
  return {
    get hasJoined() {
      return contact.hasJoined
    },
    async assertionKeys() {
      // Services that ask during this read share it. If it is too early for one, it asks again.
      hearing ??= attempt(contact, () => hear(contact)).finally(() => {
        hearing = null
      })
      const heard = await hearing
      const others = [...contact.peers.values()].flatMap(({ key }) => key ?? [])
      const keys = [ownKey, ...others.filter(({ kid }) => kid !== ownKey.kid)]
      return { keys, complete: heard && contact.announced }
    },
    announce,
    async close() {
      await announcements.stop()
      await fleet.leave(announcement().id).catch(onFault)
    }
  }
}

/** Announces this gateway, at once or regularly, until that is stopped. */
function announcing(contact: Contact, intervalMs: number) {
  const underWay = new Set<Promise<void>>()
  const timers: NodeJS.Timeout[] = []
  let hasLeft = false
  const announce = async (): Promise<void> => {
    if (hasLeft) return
    const one = announceAndHear(contact).finally(() => underWay.delete(one))
    underWay.add(one)
    await one
  }
  return {
    announce,
    repeat(): void {
      const beating = setInterval(() => void announce(), intervalMs).unref()
      // If the store is unreachable at the start, the first announcement follows its return at
      // once.
      const joining = setInterval(() => {
        if (contact.hasJoined) clearInterval(joining)
        else void announce()
      }, JOINING_MS).unref()
      timers.push(beating, joining)
    },
    async stop(): Promise<void> {
      for (const timer of timers) clearInterval(timer)
      hasLeft = true
      // An announcement that arrives after the departure would make this gateway live again.
      await Promise.all(underWay)
    }
  }
}

async function announceAndHear(contact: Contact): Promise<void> {
  const { fleet, announcement } = contact
  // A replica can be read but accepts no announcement: what it says about the others may be old.
  contact.announced = await attempt(contact, () => fleet.announce(announcement()))
  contact.hasJoined ||= contact.announced
  if (contact.announced) await attempt(contact, () => hear(contact))
}

/** Reads the keys of the others. */
async function hear({ fleet, peers, monotonicClock }: Contact): Promise<void> {
  const texts = new Set(await fleet.assertionJwks())
  for (const [text, peer] of peers) {
    peer.lostMs = texts.has(text) ? null : (peer.lostMs ?? monotonicClock())
    if (peer.lostMs !== null && monotonicClock() - peer.lostMs > LOST_KEY_MS) peers.delete(text)
  }
  for (const text of texts) {
    if (!peers.has(text)) peers.set(text, { key: await peerKey(text), lostMs: null })
  }
}

/** An outage is reported once, not at every attempt. */
async function attempt(contact: Contact, work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    contact.inTouch = true
  } catch (error) {
    if (contact.inTouch) contact.onFault(error)
    contact.inTouch = false
  }
  return contact.inTouch
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
