import type { Command } from '../../command.ts'

export const invitationsRevoke: Command = {
  name: 'invitations revoke',
  usage: 'ID',
  summary: 'Revokes an open invitation. It can no longer be used to register.',
  words: [1, 1],
  async run({ positionals: [id = ''] }, { ops }) {
    const path = `/ops/invitations/${encodeURIComponent(id)}`
    const response = await ops.call<{ id: string }>('DELETE', path)
    return { json: response, text: `${response.id} revoked` }
  }
}
