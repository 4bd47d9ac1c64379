import type { Gateway, SigningKey } from '../api/responses.ts'
import { isSilent } from '../gateways/gateway-state.ts'

type Holder = {
  readonly id: string
  readonly name: string
  readonly holds: boolean
  /** whether it has missed announcements */
  readonly isSilent: boolean
}

/** The change from one signing key to the next, as it is now. */
export type Rotation = {
  /**
   * spreading: gateways learn of the next key, which does not sign yet. draining: it signs, and
   * tokens of the previous key are still valid.
   */
  readonly phase: 'spreading' | 'draining'
  /** the key that signs next, or now */
  readonly next: SigningKey
  /** the key that signed before; null: none did */
  readonly previous: SigningKey | null
  /** every live gateway, by name, and whether it verifies tokens of `next` */
  readonly holders: readonly Holder[]
  /** seconds until the last token of `previous` has expired; null: it still signs */
  readonly secondsLeft: number | null
}

/** The rotation that is under way; null if there is none. */
export function rotationOf(
  keys: readonly SigningKey[],
  gateways: readonly Gateway[],
  nowMs: number
): Rotation | null {
  const active = keys.find(({ state }) => state === 'active') ?? null
  const standby = newest(keys.filter(({ state }) => state === 'standby'))
  const retiring = lastOut(keys.filter(({ state }) => state === 'retiring'))
  if (standby !== null) {
    const holders = holdersOf(standby, gateways)
    return { phase: 'spreading', next: standby, previous: active, holders, secondsLeft: null }
  }
  if (active === null || retiring === null) return null
  const holders = holdersOf(active, gateways)
  const secondsLeft = Math.max(0, Math.ceil((timeOf(retiring.withdrawAt) - nowMs) / 1000))
  return { phase: 'draining', next: active, previous: retiring, holders, secondsLeft }
}

const holdersOf = ({ kid }: SigningKey, gateways: readonly Gateway[]): Holder[] =>
  gateways.map((gateway) => {
    const { id, name, kids } = gateway
    return { id, name, holds: kids.includes(kid), isSilent: isSilent(gateway) }
  })

const newest = (keys: readonly SigningKey[]): SigningKey | null =>
  keys.toSorted((one, other) => timeOf(other.createdAt) - timeOf(one.createdAt))[0] ?? null

const lastOut = (keys: readonly SigningKey[]): SigningKey | null =>
  keys.toSorted((one, other) => timeOf(other.withdrawAt) - timeOf(one.withdrawAt))[0] ?? null

const timeOf = (instant: string | null): number => (instant === null ? 0 : Date.parse(instant))

/** Seconds as people read them on a clock: 04:05, or 1:04:05. */
export function clockText(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const [hours = 0, ...rest] = parts
  const text = rest.map((part) => String(part).padStart(2, '0')).join(':')
  return hours === 0 ? text : `${hours}:${text}`
}
