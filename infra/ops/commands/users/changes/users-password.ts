import type { Command } from '../../../command.ts'
import { count } from '../../../terminal/count.ts'
import { type User, userTable } from '../user-responses.ts'
import {
  choosePassword,
  generatedMember,
  generatedText,
  passwordOption
} from './chosen-password.ts'

export const usersPassword: Command = {
  name: 'users password',
  usage: 'ID [--password-stdin]',
  summary:
    'Sets the password of a user (by id or e-mail). Ends all of their sessions, and any wait ' +
    'that wrong guesses of others have caused. Asks for the password; without a terminal, it ' +
    'generates one.',
  options: passwordOption,
  words: [1, 1],
  async run(typed, { ops, terminal }) {
    const [user = ''] = typed.positionals
    const chosen = await choosePassword(typed, terminal)
    const path = `/ops/users/${encodeURIComponent(user)}/password`
    const { password } = chosen
    const response = await ops.call<{ user: User; ended: number }>('PUT', path, { password })
    const ended = count(response.ended, 'session')
    return {
      json: { ...response, ...generatedMember(chosen) },
      text: `${userTable([response.user])}\n\n${ended} ended${generatedText(chosen)}`
    }
  }
}
