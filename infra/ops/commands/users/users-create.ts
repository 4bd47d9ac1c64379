import { type Command, listOption } from '../../command.ts'
import {
  choosePassword,
  generatedMember,
  generatedText,
  passwordOption
} from './changes/chosen-password.ts'
import { type User, userTable } from './user-responses.ts'

export const usersCreate: Command = {
  name: 'users create',
  usage: 'EMAIL [--role ROLE]… [--scope SCOPE]… [--password-stdin]',
  summary:
    'Creates a user, for example the first admin (--role admin). Asks for the password; without a terminal, it generates one.',
  options: {
    role: { type: 'string', multiple: true },
    scope: { type: 'string', multiple: true },
    ...passwordOption
  },
  words: [1, 1],
  async run(typed, { ops, terminal }) {
    const chosen = await choosePassword(typed, terminal)
    const roles = listOption(typed, 'role')
    const scope = listOption(typed, 'scope')
    const { user } = await ops.call<{ user: User }>('POST', '/ops/users', {
      email: typed.positionals[0],
      password: chosen.password,
      ...(roles === undefined ? {} : { roles }),
      ...(scope === undefined ? {} : { scope })
    })
    return {
      json: { user, ...generatedMember(chosen) },
      text: `${userTable([user])}${generatedText(chosen)}`
    }
  }
}
