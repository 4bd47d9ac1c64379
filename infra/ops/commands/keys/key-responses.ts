import { textTable } from '../../terminal/text-table.ts'

/** A signing key, in a response. */
export type Key = {
  readonly kid: string
  readonly algorithm: string
  readonly state: string
  readonly createdAt: string
  readonly activatedAt: string | null
  readonly retiringAt: string | null
  readonly withdrawAt: string | null
  readonly endedAt: string | null
}

export function keyTable(keys: readonly Key[]): string {
  return textTable(
    ['kid', 'algorithm', 'state', 'created', 'activated', 'retires', 'ended'],
    keys.map((key) => [
      key.kid,
      key.algorithm,
      key.state,
      key.createdAt,
      key.activatedAt ?? '',
      key.state === 'retiring' ? (key.withdrawAt ?? '') : '',
      key.endedAt ?? ''
    ])
  )
}
