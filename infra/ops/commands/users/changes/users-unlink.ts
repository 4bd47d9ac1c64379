import type { Command } from '../../../command.ts'

export const usersUnlink: Command = {
  name: 'users unlink',
  usage: 'ID IDENTITY',
  summary:
    'Removes a linked provider (by its id in users identities) of a user (by id or e-mail), and notifies the user by mail. Sessions continue.',
  words: [2, 2],
  confirm: ({ positionals: [user, identity] }) =>
    `Remove the linked provider ${identity} of ${user}, who can then no longer sign in with it?`,
  async run({ positionals: [user = '', identity = ''] }, { ops }) {
    const path = `/ops/users/${encodeURIComponent(user)}/identities/${encodeURIComponent(identity)}`
    await ops.call('DELETE', path)
    return { json: { id: identity }, text: 'provider unlinked' }
  }
}
