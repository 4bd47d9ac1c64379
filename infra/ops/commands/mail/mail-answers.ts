import { textTable } from '../../terminal/text-table.ts'

/** An e-mail, in a response. */
export type Letter = {
  readonly id: string
  readonly messageId: string
  readonly letter: string
  readonly state: string
  readonly attempts: number
  readonly fault: string | null
  readonly status: number | null
  readonly createdAt: string
  readonly nextAttemptAt: string | null
  readonly settledAt: string | null
}

export const letterTable = (letters: readonly Letter[]): string =>
  textTable(
    ['id', 'e-mail', 'state', 'attempts', 'last result', 'created', 'next attempt'],
    letters.map((letter) => [
      letter.id,
      letter.letter,
      letter.state,
      String(letter.attempts),
      [letter.fault ?? '', letter.status ?? ''].join(' ').trim(),
      letter.createdAt,
      letter.nextAttemptAt ?? ''
    ])
  )
