import { randomBytes } from 'node:crypto'
import { type User, userTable } from '../answers.ts'
import { type Command, type Typed, wordsOption } from '../command.ts'
import type { Terminal } from '../terminal.ts'

const PASSWORD_BYTES = 15

export const usersCreate: Command = {
  name: 'users create',
  usage: 'EMAIL [--role ROLE]… [--scope SCOPE]… [--password-stdin]',
  summary:
    'Creates a user, also the first admin (--role admin). Asks for the password; without a terminal, it generates one.',
  options: {
    role: { type: 'string', multiple: true },
    scope: { type: 'string', multiple: true },
    'password-stdin': { type: 'boolean' }
  },
  words: [1, 1],
  async run(typed, ops, terminal) {
    const { password, made } = await choosePassword(typed, terminal)
    const roles = wordsOption(typed, 'role')
    const scope = wordsOption(typed, 'scope')
    const { user } = await ops.call<{ user: User }>('POST', '/ops/users', {
      ...{ email: typed.positionals[0], password },
      ...(roles === undefined ? {} : { roles }),
      ...(scope === undefined ? {} : { scope })
    })
    const told = made ? `\n\nThe password, which is not shown again: ${password}` : ''
    return { json: { user, ...(made ? { password } : {}) }, text: `${userTable([user])}${told}` }
  }
}

async function choosePassword(typed: Typed, terminal: Terminal) {
  if (typed.options['password-stdin'] === true) {
    return { password: await terminal.readInput(), made: false }
  }
  if (terminal.isInteractive) {
    const password = await terminal.askSecret('Password (empty: one is made): ')
    if (password !== '') return { password, made: false }
  }
  return { password: randomBytes(PASSWORD_BYTES).toString('base64url'), made: true }
}
