import type { Spread } from '../figures/statistics.ts'

/** A value beside others that did the same work in the same rounds. */
export type Bar = {
  readonly label: string
  /** relative to our own */
  readonly value: number
  /** null for our own, to which the others are compared */
  readonly spread: Spread | null
}

export type Panel = {
  readonly title: string
  readonly note: string
  readonly bars: readonly Bar[]
}
