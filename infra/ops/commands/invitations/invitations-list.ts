import { type Command, textOption } from '../../command.ts'
import { count } from '../../terminal/count.ts'
import { type Invitation, invitationTable } from './invitation-responses.ts'

export const invitationsList: Command = {
  name: 'invitations list',
  usage: '[--limit NUMBER]',
  summary:
    'Lists the invitations, the newest first, with their states and the users who used them.',
  options: { limit: { type: 'string' } },
  words: [0, 0],
  async run(typed, { ops }) {
    const query = new URLSearchParams({ limit: textOption(typed, 'limit') ?? '100' })
    const response = await ops.call<{ invitations: Invitation[] }>(
      'GET',
      `/ops/invitations?${query}`
    )
    const { invitations } = response
    return {
      json: response,
      text: `${invitationTable(invitations)}\n\n${count(invitations.length, 'invitation')}`
    }
  }
}
