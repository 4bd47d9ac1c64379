import { type Command, listOption, textOption } from '../../command.ts'
import { BadUsage } from '../../failures.ts'
import { type Invitation, invitationTable } from '../invitations/invitation-responses.ts'

const DAY_SECONDS = 86_400
const MOST_DAYS = 365

type Created = { readonly invitation: Invitation; readonly secret: string }

export const usersInvite: Command = {
  name: 'users invite',
  usage: '[EMAIL] [--send] [--role ROLE]… [--scope SCOPE]… [--days NUMBER]',
  summary:
    'Creates an invitation to register, and shows its secret once. If EMAIL is given, only this address can use it, and --send sends it there. The invitation expires after 7 days, or after NUMBER days.',
  options: {
    send: { type: 'boolean' },
    role: { type: 'string', multiple: true },
    scope: { type: 'string', multiple: true },
    days: { type: 'string' }
  },
  words: [0, 1],
  async run(typed, { ops }) {
    const [email] = typed.positionals
    const roles = listOption(typed, 'role')
    const scope = listOption(typed, 'scope')
    if (typed.options.send === true && email === undefined) {
      throw new BadUsage('--send needs an EMAIL.')
    }
    const days = textOption(typed, 'days') ?? '7'
    if (!/^[1-9]\d{0,2}$/.test(days) || Number(days) > MOST_DAYS) {
      throw new BadUsage(`--days must be a whole number from 1 to ${MOST_DAYS}.`)
    }
    const created = await ops.call<Created>('POST', '/ops/invitations', {
      expiresInSeconds: Number(days) * DAY_SECONDS,
      ...(email === undefined ? {} : { email }),
      ...(typed.options.send === true ? { send: true } : {}),
      ...(roles === undefined ? {} : { roles }),
      ...(scope === undefined ? {} : { scope })
    })
    return {
      json: created,
      text: `${invitationTable([created.invitation])}\n\nThe invitation, which is not shown again: ${created.secret}`
    }
  }
}
