import { textTable } from '../../terminal/text-table.ts'
import { type OutboxMessage, progressCells, progressColumns } from '../outbox-message.ts'

/** An e-mail, in a response. */
export type Letter = OutboxMessage & { readonly letter: string }

export const letterTable = (letters: readonly Letter[]): string =>
  textTable(
    ['id', 'e-mail', ...progressColumns],
    letters.map((letter) => [letter.id, letter.letter, ...progressCells(letter)])
  )
