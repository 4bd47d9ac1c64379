import type { Command } from './command.ts'
import { audit } from './commands/audit.ts'
import { sessionsEnd } from './commands/sessions-end.ts'
import { sessionsList } from './commands/sessions-list.ts'
import { usersCreate } from './commands/users-create.ts'
import { usersDisable } from './commands/users-disable.ts'
import { usersEnable } from './commands/users-enable.ts'
import { usersList } from './commands/users-list.ts'
import { usersRoles } from './commands/users-roles.ts'

/** Everything an operator can type. */
export const commands: readonly Command[] = [
  usersCreate,
  usersList,
  usersRoles,
  usersDisable,
  usersEnable,
  sessionsList,
  sessionsEnd,
  audit
]
