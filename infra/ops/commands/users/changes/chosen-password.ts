import { randomBytes } from 'node:crypto'
import type { Typed } from '../../../command.ts'
import type { Terminal } from '../../../terminal/terminal.ts'

const PASSWORD_BYTES = 15

/** A password for a user, and whether it was generated here. A generated one is shown once. */
type ChosenPassword = { readonly password: string; readonly generated: boolean }

/**
 * The option of each command that takes a password. An argument would appear in the list of
 * processes and in the shell's history.
 */
export const passwordOption = { 'password-stdin': { type: 'boolean' } } as const

/** The password from standard input, or typed without being shown, or a generated one. */
export async function choosePassword(typed: Typed, terminal: Terminal): Promise<ChosenPassword> {
  if (typed.options['password-stdin'] === true) {
    return { password: await terminal.readInput(), generated: false }
  }
  if (terminal.isInteractive) {
    const password = await terminal.askSecret('Password (empty: generates one): ')
    if (password !== '') return { password, generated: false }
  }
  return { password: randomBytes(PASSWORD_BYTES).toString('base64url'), generated: true }
}

/** The text about a generated password. */
export const generatedText = ({ password, generated }: ChosenPassword): string =>
  generated ? `\n\nThe password, which is not shown again: ${password}` : ''

/** The same for the JSON document. */
export const generatedMember = ({ password, generated }: ChosenPassword) =>
  generated ? { password } : {}
