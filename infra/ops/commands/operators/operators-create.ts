import { type Command, textOption } from '../../command.ts'
import { BadUsage } from '../../failures.ts'
import { type Operator, operatorTable } from './operator-responses.ts'

const DAY_SECONDS = 86_400
const MOST_DAYS = 366

type Created = { readonly operator: Operator; readonly token: string }

export const operatorsCreate: Command = {
  name: 'operators create',
  usage: 'NAME --role ROLE [--days NUMBER]',
  summary:
    'Creates an operator, and shows their token once; or gives a new token to one whose token has ' +
    'expired or was revoked. ROLE is viewer, operator or admin. The token expires after 90 days, or ' +
    'after NUMBER days.',
  options: { role: { type: 'string' }, days: { type: 'string' } },
  words: [1, 1],
  async run(typed, { ops }) {
    const role = textOption(typed, 'role')
    if (role === undefined) throw new BadUsage('--role is missing.')
    if (!['viewer', 'operator', 'admin'].includes(role)) {
      throw new BadUsage('--role must be viewer, operator or admin.')
    }
    const days = textOption(typed, 'days') ?? '90'
    if (!/^[1-9]\d{0,2}$/.test(days) || Number(days) > MOST_DAYS) {
      throw new BadUsage(`--days must be a whole number from 1 to ${MOST_DAYS}.`)
    }
    const created = await ops.call<Created>('POST', '/ops/operators', {
      name: typed.positionals[0],
      role,
      expiresInSeconds: Number(days) * DAY_SECONDS
    })
    return {
      json: created,
      text: `${operatorTable([created.operator])}\n\nThe token, which is not shown again: ${created.token}`
    }
  }
}
